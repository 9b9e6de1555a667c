/** The mapping language: leads a second beside its rivals, and a cold `foyer check` of 100 files. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { compileMapping as Compile } from '../src/mapping/compile-mapping.js';
import type { CompiledMapping } from '../src/mapping/compiled-mapping.js';
import type { parseMapping as Parse } from '../src/mapping/parse-mapping.js';
import type { TargetMetadata } from '../src/mapping/target-metadata.js';
import { byHand, records, rivals, type BenchRecord, type Lead, type Rival } from './mapping-rivals.js';
import { median, table, type Table } from './table.js';

const RECORDS = 1_000;
const ROUNDS = 7;
const ROUND_MS = 300;
const CHECKED_FILES = 100;
const CHECKS = 7;

export async function mapping(): Promise<Table[]> {
  return [await leads(), await coldCheck()];
}

export async function leads(): Promise<Table> {
  const compiled = await lead();
  const foyer: Rival = { name: 'Foyer', map: (record) => fieldsOf(compiled.evaluate(record)) };
  const traced: Rival = {
    name: 'Foyer, with the trace of each field',
    map: (record) => {
      const { evaluation, fields } = compiled.explain(record);
      if (fields.length !== compiled.fields.length) throw new Error('a field was not traced');
      return fieldsOf(evaluation);
    },
  };
  const input = records(RECORDS);
  const runners = [foyer, traced, byHand, ...rivals()];
  for (const runner of runners) await proveSame(runner, input);
  const rates = new Map<string, number[]>(runners.map(({ name }) => [name, []]));
  // One round is for the compiler; then all take turns, so that a busy moment of the machine meets everyone.
  for (let round = -1; round < ROUNDS; round++) {
    for (const runner of runners) {
      const rate = await leadsPerSecond(runner, input);
      if (round >= 0) rates.get(runner.name)!.push(rate);
    }
  }
  const medians = runners.map(({ name }) => [name, median(rates.get(name)!)] as const);
  const engines = medians.slice(3).map(([, rate]) => rate);
  const fastest = Math.max(...engines);
  return table(
    'A lead of 15 fields, one core',
    ['', 'leads/s', '× the fastest rival engine'],
    medians.map(([name, rate]) => [name, rate, rate / fastest]),
  );
}

function fieldsOf(evaluation: ReturnType<CompiledMapping['evaluate']>): Lead {
  if (evaluation.kind === 'write') return evaluation.fields;
  throw new Error(evaluation.reason.message);
}

async function proveSame({ name, map }: Rival, input: readonly BenchRecord[]): Promise<void> {
  for (const record of input) {
    const [found, wanted] = [sorted(await map(record)), sorted(await byHand.map(record))];
    if (found !== wanted) throw new Error(`${name} gives another lead:\n${found}\n${wanted}`);
  }
}

/** As it would go out: a key without a value is no key. */
function sorted(lead: Lead): string {
  const fields = Object.entries(lead).filter(([, value]) => value !== undefined);
  return JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export async function leadsPerSecond({ map }: Rival, input: readonly BenchRecord[]): Promise<number> {
  const isAsync = map(input[0]!) instanceof Promise;
  const start = performance.now();
  let count = 0;
  let elapsed = 0;
  while (elapsed < ROUND_MS) {
    if (isAsync) for (const record of input) await map(record);
    else for (const record of input) void map(record);
    count += input.length;
    elapsed = performance.now() - start;
  }
  return (count / elapsed) * 1_000;
}

const text = (length: number) => ({ type: 'string', length }) as const;

const target: TargetMetadata = {
  destination: 'crm',
  object: 'Lead',
  fields: {
    Foyer_Id__c: { type: 'string', length: 255, unique: true },
    Email: { type: 'email', length: 80 },
    FirstName: text(40),
    LastName: { type: 'string', length: 80, required: true },
    Company: { type: 'string', length: 255, required: true },
    Title: text(128),
    Phone: { type: 'phone', length: 40 },
    Country: text(80),
    LeadSource: { type: 'picklist', length: 255, values: ['Web', 'Foyer'] },
    Full_Name__c: text(121),
    Event__c: text(255),
    Campaign__c: text(255),
    Language__c: text(20),
    Registered_At__c: { type: 'datetime' },
    Changed_At__c: { type: 'datetime' },
    Description: text(32_000),
  },
};

/** Measured is what ships: the built language, not the sources beside this file. */
export async function lead(): Promise<CompiledMapping> {
  const { parseMapping } = (await import(built('parse-mapping'))) as { parseMapping: typeof Parse };
  const { compileMapping } = (await import(built('compile-mapping'))) as { compileMapping: typeof Compile };
  const file = parseMapping(
    'crm.lead.yaml',
    `mapping: crm.lead
stream: registration
destination: crm
object: Lead
operation: upsert
when: status == "confirmed" && consent.granted("marketing")
whenNot: keep
key: { field: Foyer_Id__c, value: id }
fields:
  Email: attendee.email.lowerAscii()
  FirstName: attendee.firstName
  LastName: { value: attendee.lastName, missing: reject }
  Company: { value: attendee.company, default: '[not provided]' }
  Title: attendee.jobTitle
  Phone: attendee.phone
  Country: attendee.country.upperAscii()
  LeadSource: '"Foyer"'
  Full_Name__c: attendee.firstName + " " + attendee.lastName
  Event__c: event.name
  Campaign__c: coalesce(source.utm_source, "direct")
  Language__c: { value: attendee.locale, default: en }
  Registered_At__c: createdAt
  Changed_At__c: updatedAt
  Description: 'status + ": " + event.name + " (" + event.slug + "), registration " + id'
`,
  );
  const { mapping: made, diagnostics } = compileMapping(file, { target, picklists: new Map() });
  if (made) return made;
  throw new Error(diagnostics.map(({ code, message }) => `${code}: ${message}`).join('\n'));
}

function built(name: string): string {
  return path.resolve(`dist/mapping/${name}.js`);
}

/** `foyer check` as a process of its own, over the mappings that ship, each many times. */
async function coldCheck(): Promise<Table> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foyer-bench-check-'));
  try {
    for (const part of ['picklists', 'targets']) {
      await cp(path.join('mappings', part), path.join(folder, part), { recursive: true });
    }
    const shipped = await Promise.all(
      ['hubspot.contact', 'salesforce.lead'].map((name) => readFile(`mappings/${name}.yaml`, 'utf8')),
    );
    for (let i = 0; i < CHECKED_FILES; i++) {
      const source = shipped[i % shipped.length]!.replace(/^mapping: (.*)$/m, `mapping: $1-${i}`);
      await writeFile(path.join(folder, `copy-${i}.yaml`), source);
    }
    const times = { check: [] as number[], node: [] as number[] };
    for (let i = 0; i < CHECKS; i++) {
      times.node.push(await timed(['-e', '0']));
      times.check.push(await timed(['scripts/foyer.mjs', 'check', folder]));
    }
    const node = median(times.node);
    const check = median(times.check);
    return table(
      `foyer check of ${CHECKED_FILES} files, cold`,
      ['', 'ms', 'ms beyond node itself'],
      [
        ['foyer check', check, check - node],
        ['node -e 0', node, 0],
      ],
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function timed(args: readonly string[]): Promise<number> {
  const start = performance.now();
  await promisify(execFile)(process.execPath, [...args]);
  return performance.now() - start;
}
