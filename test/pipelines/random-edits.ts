import { expect } from 'vitest';
import { compareRecord, type PlannedRecord } from '../../src/pipelines/compare-record.js';
import { compileGiven } from '../../src/pipelines/mapping-files.js';
import { digestOf } from '../../src/pipelines/plan-mapping.js';
import type { Plan } from '../../src/pipelines/plan.js';
import { streamRecords } from '../../src/pipelines/stream-records.js';
import { MAPPING } from './rig.js';
import type { PlanRig } from './plan-rig.js';

/** Lines of the mapping, and what somebody might write in their place; '' takes the line away. */
const EDITS: Readonly<Record<string, readonly string[]>> = {
  '  firstname: person.firstName\n': [
    '  firstname: person.firstName.upperAscii()\n',
    '  firstname: { value: person.firstName, truncate: 2 }\n',
    '  firstname: person.firstName + " (Foyer)"\n',
  ],
  '  lastname: person.lastName\n': [
    '  lastname: person.lastName.lowerAscii()\n',
    '  lastname: { value: person.lastName, owner: firstWrite }\n',
    '',
  ],
  '  company: person.company\n': [
    '  company: { value: person.company, default: "[not provided]" }\n',
    '  company: { value: person.company, missing: "null" }\n',
    '  company: { value: person.company, missing: reject }\n',
    '  company: { value: person.company, owner: firstWrite }\n',
    '',
  ],
  '  jobtitle: person.jobTitle\n': [
    '  jobtitle: { value: person.jobTitle, default: "Visitor" }\n',
    '  jobtitle: { value: person.company, missing: omit }\n',
    '  jobtitle: person.jobTitle\n  city: person.lastName\n',
    '  jobtitle: person.jobTitle\n  website: { value: person.company, missing: "null" }\n',
  ],
  '  country: person.country\n': ['', '  country: { value: person.country, default: "DE" }\n'],
  'join("; ")\n': ['join(" | ")\n', 'join("")\n'],
  'distinct().size()\n': ['distinct().size() + 1\n', 'size()\n'],
  'r.status != "erased") && consent': [
    'r.status == "confirmed") && consent',
    'r.status != "erased") && person.firstName != "Cy" && consent',
  ],
  'whenNot: { foyer_status: withdrawn }\n': [
    'whenNot: keep\n',
    'whenNot: { foyer_status: withdrawn, city: gone }\n',
  ],
};

/** A mapping in which every line says one of the things that it may say. */
export class RandomEdits {
  private readonly chosen = new Map<string, string>();

  constructor(
    private readonly base: string,
    private seed: number,
  ) {
    for (const line of Object.keys(EDITS)) expect(base).toContain(line);
  }

  /** Changes one to three lines. @returns the text */
  next(): string {
    const lines = Object.keys(EDITS);
    for (let n = 1 + this.random(3); n > 0; n--) {
      const line = lines[this.random(lines.length)]!;
      const choices = [line, ...EDITS[line]!].filter((choice) => choice !== (this.chosen.get(line) ?? line));
      this.chosen.set(line, choices[this.random(choices.length)]!);
    }
    // The examples tell of the mapping as it stands in the project.
    const text = this.base.slice(0, this.base.indexOf('examples:'));
    return [...this.chosen].reduce((edited, [from, to]) => edited.replace(from, () => to), text);
  }

  random(below: number): number {
    this.seed = (this.seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((this.seed / 2 ** 31) * below);
  }
}

/** Plans the text, applies the plan, and holds what HubSpot got against what was planned, record by record. */
export async function expectAppliedAsPlanned(on: PlanRig, text: string): Promise<Plan> {
  const plan = await on.plan({ source: text });
  const records = await recordsOf(on, text);
  // What is compared here is what the plan keeps.
  const digests = records.flatMap(({ key, write }) => (write ? [[key, digestOf(write)] as const] : []));
  expect(await on.planned(plan.id)).toEqual(new Map(digests));
  const writes = records.filter(({ write }) => write !== null);
  const { changed, created, unknown, rekeyed } = plan.counts;
  expect(changed + created + unknown + rekeyed).toBeLessThanOrEqual(writes.length);

  const before = (await on.journal()).length;
  await on.apply(plan.id);
  const ledger = await on.settled();
  expect(ledger.unaccounted).toBe(0);
  expect(ledger.changes.total).toBe(ledger.changes.settled + ledger.changes.superseded);
  const got = (await on.journal()).slice(before);
  expect(got.map(({ key, request }) => [key, request.properties]).sort(byKey)).toEqual(
    writes.map(({ key, targetKey, write }) => [key, onTheWire(targetKey!, write!)]).sort(byKey),
  );
  return plan;
}

async function recordsOf(on: PlanRig, text: string): Promise<PlannedRecord[]> {
  const { pool } = on.rig;
  const { rows } = await pool.query<{ file: string; source: string; seq: string }>(
    `select v.file, v.source, h.seq from change_head h, mappings m
       join mapping_versions v on v.mapping = m.name and v.version = m.version where m.name = $1`,
    [MAPPING],
  );
  const { file, source, seq } = rows[0]!;
  const from = compileGiven(on.mappingsDir, file, source);
  const to = compileGiven(on.mappingsDir, file, text);
  const comparing = {
    from: from.mapping,
    to: to.mapping!,
    writesWhole: false,
    canRemove: false,
    now: new Date(),
  };
  const client = await pool.connect();
  try {
    await client.query('begin');
    const records: PlannedRecord[] = [];
    for await (const page of streamRecords(client, 'person', seq, MAPPING)) {
      records.push(...page.map((record) => compareRecord(record.taken(), comparing)));
    }
    return records;
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** The properties of a contact, as HubSpot gets them. */
export function onTheWire(
  targetKey: string,
  write: NonNullable<PlannedRecord['write']>,
): Record<string, string> {
  const texts = Object.entries(write).map(([name, value]) => [name, value === null ? '' : String(value)]);
  return { foyer_person_id: targetKey, ...(Object.fromEntries(texts) as Record<string, string>) };
}

function byKey([a]: unknown[], [b]: unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}

const PEOPLE = [
  ['ana', { company: 'Example Ltd', jobTitle: 'Engineer', country: 'ES' }],
  ['ben', { company: 'Example Ltd' }],
  ['cy', { jobTitle: 'Director', country: 'FR' }],
  ['dee', {}],
  ['eli', { country: 'DE' }],
  ['flo', { company: 'Other Inc', country: 'IT' }],
] as const;

/** Six who consent, of whom one has cancelled and one is at two events, and one who does not. */
export async function seed({ rig }: PlanRig): Promise<string[]> {
  const [summit, academy] = [await rig.people.event('summit'), await rig.people.event('academy')];
  const ids = await rig.people.register(
    summit,
    PEOPLE.map(([name]) => `${name}@example.com`),
  );
  for (const [i, [name, details]] of PEOPLE.entries()) {
    await amend(rig.pool, ids[i]!, { firstName: name[0]!.toUpperCase() + name.slice(1), ...details });
  }
  await rig.people.register(academy, ['ana@example.com']);
  await rig.people.register(summit, ['silent@example.com'], false);
  await rig.people.cancel(ids[3]!);
  await rig.settled();
  return ids;
}

export async function amend(pool: PlanRig['rig']['pool'], id: string, details: object): Promise<void> {
  const { rows } = await pool.query<{ version: number; attendee: object }>(
    'select version, attendee from registrations where id = $1',
    [id],
  );
  const attendee = JSON.stringify({ ...rows[0]!.attendee, ...details });
  await pool.query(
    `select amend_registration($1, $2, now(), $3::json, '{}'::json, null, '{}', '{}', '{}', null)`,
    [id, rows[0]!.version, attendee],
  );
}
