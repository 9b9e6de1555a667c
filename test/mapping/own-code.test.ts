import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CompiledMapping } from '../../src/mapping/compiled-mapping.js';
import { ExpressionLanguage } from '../../src/mapping/expression-language.js';
import { RecordReads } from '../../src/mapping/record-reads.js';
import type { Scope } from '../../src/mapping/scope.js';
import { contractOf } from '../../src/mapping/stream-contracts.js';
import { UsualCode } from '../../src/mapping/usual-code.js';
import { compile, consented } from './mapping-text.js';
import { compareOwnCode, inUse, told } from './own-code-runs.js';

/** A mapping of registrations. @param fields one a line */
const mappingOf = (fields: readonly string[]): CompiledMapping =>
  compile(
    `mapping: crm.thing
stream: registration
destination: crm
object: Thing
operation: upsert
when: consent.granted("marketing")
whenNot: keep
key: { field: Id__c, value: id }
fields:
${fields.map((field) => `  ${field}`).join('\n')}
`,
    null,
  ).mapping!;

/** Whose fields all read the same. */
const ofFields = (count: number): CompiledMapping =>
  mappingOf(Array.from({ length: count }, (_, i) => `F${i}: attendee.email`));

/** How often it reads that of a record. */
const readsOf = (mapping: CompiledMapping): number => {
  let reads = 0;
  const attendee = {
    get email() {
      reads++;
      return 'ana@example.com';
    },
  };
  const { kind } = mapping.evaluate({ id: 'r-1', attendee, consents: consented });
  expect(kind).toBe('write');
  return reads;
};

describe('A mapping with code of its own', () => {
  it('decides every record as its closures do', () => {
    const { differing, ...counts } = compareOwnCode(120, 40);
    expect(differing).toEqual([]);
    // A name of let that fails beside an || that holds: found by the deep form.
    expect(compareOwnCode(1, 100, 10_436).differing).toEqual([]);
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(500);
  });

  it('reads an attribute once, however many of its fields want it; one of very many fields has none', () => {
    expect([readsOf(ofFields(3)), readsOf(inUse(ofFields(3)))]).toEqual([3, 1]);
    expect([readsOf(inUse(ofFields(100))), readsOf(inUse(ofFields(101)))]).toEqual([1, 101]);
  });

  it('goes on by its closures in a process that forbids code from strings', () => {
    vi.stubGlobal('Function', function forbidden() {
      throw new EvalError('Code generation from strings disallowed for this context');
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    expect(readsOf(inUse(ofFields(4)))).toBe(4);
    expect(compareOwnCode(20, 20, 5_000).differing).toEqual([]);
  });

  it('tells of the same rows of tables as its closures, also where a field is always the same', () => {
    const fields = [
      `Status: { picklist: status, value: '"confirmed"' }`,
      'Source: lookup("status", status)',
      'Text: attendee.firstName',
    ];
    const record = { id: 'r-1', status: 'waitlisted', attendee: { firstName: 'Ana' }, consents: consented };
    const found = inUse(mappingOf(fields)).explain(record);
    expect(told(found)).toEqual(told(mappingOf(fields).explain(record)));
    expect(found.fields.map(({ lookups }) => lookups.map(({ value }) => value))).toEqual([
      ['Open'],
      ['Waiting'],
      [],
    ]);
  });

  it('stops where its fuel ends, to the step', () => {
    const fields = [
      ...Array.from({ length: 20 }, (_, i) => `L${i}: answers.list.all(x, true)`),
      'Name: attendee.firstName.trim().lowerAscii() + attendee.lastName.upperAscii()',
      'Text: coalesce(attendee.company.trim(), "none")',
    ];
    const [mapping, byClosures] = [inUse(mappingOf(fields)), mappingOf(fields)];
    const list = Array.from({ length: 9_999 }, (_, i) => i);
    const attendee = { lastName: 'Ruiz', company: 'Looms' };
    const codes = new Set<string>();
    for (let more = 0; more < 50; more++) {
      const name = more % 2 === 0 ? 'Ana' : 'Ana'.repeat(30);
      const consents = [...consented, ...Array.from({ length: more >> 1 }, () => ({}))];
      const record = { id: 'r-1', attendee: { ...attendee, firstName: name }, consents, answers: { list } };
      const found = mapping.evaluate(record);
      codes.add(found.kind === 'rejected' ? `${found.reason.code} ${found.reason.field}` : found.kind);
      const wanted = byClosures.explain(record);
      expect(found).toEqual(wanted.evaluation);
      expect(told(mapping.explain(record))).toEqual(told(wanted));
    }
    expect([...codes].sort()).toEqual(['too-costly L19', 'too-costly Name', 'too-costly Text', 'write']);
  });
});

describe('Code of its own', () => {
  const contract = contractOf('registration')!;
  const scope: Scope = {
    variables: new Set(Object.keys(contract.variables)),
    slots: new Map([['latest', () => undefined]]),
    needs: [],
    picklists: new Map(),
    nextSlot: () => 0,
  };

  function hasCode(text: string): boolean {
    const found = ExpressionLanguage.of(contract).check(text);
    if (!found.ok) throw new Error(text);
    return new UsualCode(new RecordReads(), scope, 'usual').write(found.checked.node) !== null;
  }

  it.each([
    'attendee.email',
    '"Foyer"',
    'attendee.email.trim().lowerAscii()',
    'attendee.firstName + " " + attendee.lastName',
    'coalesce(source.utm_source, "direct")',
    'status == "confirmed" && consent.granted("marketing")',
    'has(attendee.company) ? attendee.company : "none"',
    '!(status != "confirmed") || version == 3',
  ])('is there for what is usual: %s', (text) => expect(hasCode(text)).toBe(true));

  it.each([
    'consents.map(c, c.purpose).join(",")',
    'attendee.email.replace("a", "b")',
    'coalesce(attendee.company, attendee.email.trim())',
    'consent.granted("marketing") && attendee.email.trim() == "x"',
  ])('is not there where it could be another price: %s', (text) => expect(hasCode(text)).toBe(false));
});
