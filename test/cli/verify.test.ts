import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.js';
import { type Certificate, certify } from '../../src/reconciliation/certificate.js';
import { CertificateKey } from '../../src/reconciliation/certificate-key.js';
import { type Discrepancy, DISCREPANCY_KINDS } from '../../src/reconciliation/discrepancy.js';

const key = new CertificateKey('the secret of the Foyer that signed');
const other = new CertificateKey('the secret of another one, as long');
const found: Discrepancy[] = [
  { kind: 'missing', key: 'k-1', targetKey: 'a', targetId: null, fields: [], repair: 'write' },
];
const signed = (by: CertificateKey, coverage: 'list' | 'read-back' = 'list'): Certificate => {
  const at = new Date('2027-06-01T03:30:00Z');
  const run = { id: 'run-1', mapping: 'crm.lead', mappingVersion: 1, startedAt: at, finishedAt: at };
  const counts = { compared: 7, afresh: 7, moving: 0, leftOut: 0, theirs: 7, cleared: 0 };
  const both = { kind: 'full', basedOn: null, position: '9', oursSha256: '', theirsSha256: '' } as const;
  return certify(run, { ...both, coverage, counts, discrepancies: found }, DISCREPANCY_KINDS, by);
};

const folder = mkdtempSync(path.join(tmpdir(), 'foyer-verify-'));
const file = (name: string, value: unknown): string => {
  const to = path.join(folder, name);
  writeFileSync(to, JSON.stringify(value));
  return to;
};
const keys = file('keys.json', { keys: [key.published] });

/** What the command says, and the script that shares nothing with it: they have to agree. */
async function checked(certificate: object): Promise<{ code: number; said: string }> {
  const args = [file('run.json', { certificate }), file('found.ndjson', found[0]), '--keys', keys];
  let said = '';
  const out = { write: (text: string) => (said += text) };
  const code = await runCli(['verify', ...args], { stdout: out, stderr: out });
  const script = promisify(execFile)(process.execPath, ['scripts/check-certificate.mjs', ...args]);
  const exit = await script.then(
    () => 0,
    (failed: unknown) => (failed as { code: number }).code,
  );
  expect(exit, said).toBe(code);
  return { code, said };
}

/** Standard JSON, with the names of each object in order. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

/** As format 2 made it. */
function before(certificate: Certificate): object {
  const { sha256: _, signature: _signature, publicKey: _key, keyId: _id, ...rest } = certificate;
  const attested = { ...rest, format: 2 };
  return { ...attested, sha256: createHash('sha256').update(sorted(attested)).digest('hex') };
}

describe('A certificate', () => {
  it('is checked by the public key alone', async () => {
    const { code, said } = await checked(signed(key));
    expect(said).toContain(`7 records compared at 2027-06-01T03:30:00.000Z, signed by ${key.published.kid}`);
    expect(code).toBe(0);
  });

  it.each<[string, object, string]>([
    ['altered', { ...signed(key), mapping: 'crm.other' }, 'was changed'],
    ['made by somebody else', signed(other), 'not among those given'],
    ['with another signature', { ...signed(key), signature: signed(other).signature }, 'not that of the key'],
    ['without its signature', (({ signature: _, ...rest }) => rest)(signed(key)), 'not signed'],
  ])('does not hold %s', async (_, certificate, why) => {
    const { code, said } = await checked(certificate);
    expect(said).toContain(why);
    expect(code).toBe(1);
  });

  it('is hashed as standard JSON with sorted names, lists included', () => {
    const { sha256, signature: _, ...attested } = signed(key, 'read-back');
    expect(createHash('sha256').update(sorted(attested)).digest('hex')).toBe(sha256);
  });

  it('of a format before holds, and says that nobody signed it', async () => {
    const { code, said } = await checked(before(signed(key)));
    expect(said).toContain('7 records compared');
    expect(said).toContain('not signed');
    expect(code).toBe(0);
  });

  it('says plainly what could not be looked for', () => {
    const { discrepancies, notLookedFor } = signed(key, 'read-back');
    expect(notLookedFor).toEqual(['extra', 'duplicate']);
    expect(Object.keys(discrepancies)).not.toContain('extra');
    expect(signed(key).notLookedFor).toEqual([]);
  });

  it('is signed with a key that the secret makes anew wherever it is known, and no other', () => {
    expect(new CertificateKey('the secret of the Foyer that signed').published).toEqual(key.published);
    expect(other.published.kid).not.toBe(key.published.kid);
    expect(JSON.stringify(key.published)).not.toContain('"d"');
  });
});
