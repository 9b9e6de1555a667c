import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.js';
import { OPERATOR } from '../http/app.js';
import { PlanRig } from '../pipelines/plan-rig.js';
import { seed } from '../pipelines/random-edits.js';
import { MAPPING } from '../pipelines/rig.js';

let on: PlanRig;
let base: string;

beforeAll(async () => {
  on = await PlanRig.start();
  base = on.text();
  await seed(on);
});

afterAll(() => on.stop());

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function foyer(args: string[], isTerminal = false): Promise<Said> {
  let [out, err] = ['', ''];
  const stream = { isTTY: isTerminal, hasColors: () => true };
  const stdout = { ...stream, write: (text: string) => (out += text) };
  const stderr = { ...stream, write: (text: string) => (err += text) };
  const code = await runCli([...args, '--api', on.app.url, '--key', OPERATOR], { stdout, stderr });
  return { code, out, err };
}

/** The mapping with one line written otherwise. */
function edit(from: string, to: string): void {
  expect(base).toContain(from);
  writeFileSync(on.file, base.replace(from, to).replace(/examples:[\s\S]*/, ''));
}

const UPPER = ['lastname: person.lastName', 'lastname: person.lastName.upperAscii()'] as const;

describe('foyer diff', () => {
  it('says 0 where the file says what is in force, whatever its layout and comments', async () => {
    writeFileSync(on.file, `# Another comment.\n${base}`);
    const { code, out } = await foyer(['diff', on.file]);
    expect(out).toBe(`hubspot.contact ${on.file}, against version 1\n  no changes\n`);
    expect(code).toBe(0);
  });

  it('says 1 and names each part that changed, and where', async () => {
    edit(...UPPER);
    const { code, out } = await foyer(['diff', on.file]);
    expect(code).toBe(1);
    expect(out).toContain(
      `  fields.lastname  ${on.file}:18\n    - person.lastName\n    + person.lastName.upperAscii()\n`,
    );
    const told = JSON.parse((await foyer(['diff', on.file, '--json'])).out) as {
      mappings: { changes: object[] }[];
    };
    expect(told.mappings[0]!.changes).toEqual([
      { part: 'fields.lastname', from: 'person.lastName', to: 'person.lastName.upperAscii()', line: 18 },
    ]);
  });
});

describe('foyer plan', () => {
  it('says 0 where nothing changes', async () => {
    writeFileSync(on.file, base);
    const { code, out } = await foyer(['plan', on.file]);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining('No changes: 7 records stay as they are.') as string,
    ]);
  });

  it('says 1 past the limits, and shows records field by field, with what it costs', async () => {
    edit(...UPPER);
    const { code, out } = await foyer(['plan', on.file]);
    expect(code).toBe(1);
    expect(out).toContain('Plan: 6 changed, 1 unchanged');
    expect(out).toContain(`      lastname  "Ruiz" → "RUIZ"  ${on.file}:18`);
    expect(out).toMatch(/Calls: \d+ to write, \d+ to read back/);
    expect(out).toContain('Limit: changed 6 records (100.0 %), allowed 20.0 %: past it');
    expect(out).toMatch(/To apply it: foyer apply hubspot\.contact --plan [0-9a-f-]{36}\n/);
    expect(out).not.toContain('\u001b[');
    expect((await foyer(['plan', on.file], true)).out).toContain('\u001b[');
  });

  it('says 1 where the file is faulty, with the fault, and asks nothing of the API', async () => {
    edit('person.firstName', 'person.fristName');
    const { code, out } = await foyer(['plan', on.file]);
    expect([code, out]).toEqual([1, expect.stringContaining('hubspot.contact.yaml:17:21 error') as string]);
  });

  it('says 2 where it was called wrongly', async () => {
    expect((await foyer(['plan', path.join(on.mappingsDir, 'nothing.yaml')])).code).toBe(2);
    expect((await foyer(['plan', '--reed'])).code).toBe(2);
  });
});

describe('While something takes long, a terminal', () => {
  const HELD_MS = 3_000;

  /** What takes its place says what was written on the line before. */
  const shown = (err: string): string[] => err.split('\r\u001b[K').filter((text) => text !== '');

  /** Holds up whatever writes there, for long enough that its progress is told. */
  async function heldUp<T>(table: string, work: () => Promise<T>): Promise<T> {
    const client = await on.app.pool.connect();
    try {
      await client.query(`begin; lock table ${table} in share mode`);
      const [done] = await Promise.all([
        work(),
        new Promise((resolve) => setTimeout(resolve, HELD_MS)).then(() => client.query('rollback')),
      ]);
      return done;
    } finally {
      client.release();
    }
  }

  it('shows how many records were planned of all; a pipe shows nothing, and both the same plan', async () => {
    edit(...UPPER);
    const [onTerminal, piped] = await heldUp('plan_records', () =>
      Promise.all([foyer(['plan', on.file], true), foyer(['plan', on.file])]),
    );
    expect(shown(onTerminal.err)).toContain('hubspot.contact: 7 of 7 records planned');
    expect(onTerminal.err.endsWith('\r\u001b[K')).toBe(true);
    expect([piped.code, piped.err]).toEqual([1, '']);
    expect(piped.out).toContain('Plan: 6 changed, 1 unchanged');
  });

  it('shows how far a comparison of both sides is', async () => {
    const { code, out, err } = await heldUp('reconciliation_notes', () =>
      foyer(['reconcile', MAPPING, '--full'], true),
    );
    expect([code, out]).toEqual([0, expect.stringContaining('both sides agree') as string]);
    expect(shown(err)).toContain('hubspot.contact: 6 of 6 records compared with what stands there');
    const { items } = (await on.app.operator('GET', '/v1/reconciliations')).body;
    expect(items[0]).toMatchObject({ state: 'done', progress: null });
  });
});

describe('foyer apply', () => {
  it('past the limits applies nothing; forced, it applies, delivers, and can be undone', async () => {
    edit(...UPPER);
    const refused = await foyer(['apply', on.file]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('--force');
    const applied = await foyer(['apply', on.file, '--force']);
    expect([applied.code, applied.err]).toEqual([0, '']);
    expect(applied.out).toContain('hubspot.contact is in force as version 2\n  6 records taken up again\n');
    expect((await on.rig.contactOf('ben@example.com'))!.fields.lastname).toBe('RUIZ');
    const undone = await foyer(['apply', MAPPING, '--undo']);
    expect(undone.out).toContain('hubspot.contact is in force as version 3');
    await on.settled();
    expect((await on.rig.contactOf('ben@example.com'))!.fields.lastname).toBe('Ruiz');
  });

  it('undone, names the fields that it cannot put back, of which records, and why', async () => {
    edit('lastname: person.lastName\n', 'lastname: person.lastName\n  city: person.lastName\n');
    expect((await foyer(['apply', on.file, '--force', '--no-wait'])).code).toBe(0);
    await on.settled();
    const undone = await foyer(['apply', MAPPING, '--undo']);
    expect(undone.code).toBe(0);
    expect(undone.out).toMatch(
      /Not as before: 6 records\. city stays as the undone version wrote it: nobody knew .*\([0-9a-f-]{36}, .*, …\)\n/,
    );
    await on.settled();
  });

  it('applies the plan that is named, once', async () => {
    edit(
      'lastname: person.lastName',
      'lastname: person.firstName == "Flo" ? "Flo!" : person.lastName'.replace(/(person\.f.*)/, "'$1'"),
    );
    const { plans } = JSON.parse((await foyer(['plan', on.file, '--json'])).out) as {
      plans: { id: string }[];
    };
    const first = await foyer(['apply', MAPPING, '--plan', plans[0]!.id, '--json']);
    expect(JSON.parse(first.out)).toMatchObject({ redelivered: 1, moved: 0, version: 6 });
    const second = await foyer(['apply', MAPPING, '--plan', plans[0]!.id]);
    expect([second.code, second.out]).toEqual([1, '']);
    expect(second.err).toContain('applied already');
    expect((await foyer(['apply', MAPPING, '--undo', '--no-wait'])).code).toBe(0);
    await on.settled();
  });

  it('says 2 where it was called wrongly', async () => {
    const calls = [
      ['apply'],
      ['apply', 'a', 'b'],
      ['apply', MAPPING, '--undo', '--plan', 'x'],
      ['apply', 'no.mapping', '--undo'],
    ];
    for (const call of calls) expect((await foyer(call)).code, call.join(' ')).toBe(2);
  });
});

describe('foyer why', () => {
  it('says 0 and shows every link, by the e-mail of a person', async () => {
    const { code, out } = await foyer(['why', MAPPING, 'Ana@example.com', 'email']);
    expect(code).toBe(0);
    expect(out).toContain('source      person.email = "ana@example.com"');
    expect(out).toMatch(
      /expression {2}person\.email\.trim\(\)\.lowerAscii\(\) {2}\S+hubspot\.contact\.yaml:16/,
    );
    expect(out).toMatch(/attempt {5}20\S+ {2}answer 200/);
    expect(out).toContain('read back and the same');
  });

  it('says 1 for a record that is not there, and why not', async () => {
    const { code, out } = await foyer(['why', MAPPING, 'silent@example.com']);
    expect(code).toBe(1);
    expect(out).toContain('when does not hold');
    expect(out).toMatch(/expression {2}registrations\.exists\(.*hubspot\.contact\.yaml:8/);
    expect((await foyer(['why', MAPPING, 'nobody@example.com'])).code).toBe(1);
  });

  it('says 2 where it was called wrongly', async () => {
    for (const call of [
      ['why'],
      ['why', MAPPING],
      ['why', MAPPING, 'ana'],
      ['why', MAPPING, 'ana@example.com', 'emial'],
    ])
      expect((await foyer(call)).code, call.join(' ')).toBe(2);
  });
});

describe('foyer replay', () => {
  it('writes what matches whole once more, and nothing else', async () => {
    const before = (await on.journal()).length;
    const { code, out } = await foyer(['replay', MAPPING, '--state', 'verified']);
    expect([code, out]).toEqual([0, '6 records of hubspot.contact taken up again\n']);
    await on.settled();
    const again = (await on.journal()).slice(before);
    expect(again).toHaveLength(6);
    expect(again.every(({ request }) => 'email' in request.properties)).toBe(true);
  });

  it('says 2 where nothing says which records', async () => {
    for (const call of [['replay', MAPPING], ['replay'], ['replay', MAPPING, '--all', '--state', 'sent']])
      expect((await foyer(call)).code, call.join(' ')).toBe(2);
    expect((await foyer(['replay', MAPPING, '--state', 'lost'])).code).toBe(1);
  });
});
