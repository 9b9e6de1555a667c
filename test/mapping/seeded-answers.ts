import type { Diagnostic } from '../../src/mapping/diagnostic.js';

/** What a check must say of a kind of mistake, and where: on the line that was changed, or on one that reads so. */
interface Answer {
  readonly codes: readonly string[];
  /** So many lines below the first that was changed, or what the line says; absent: on that line itself. */
  readonly place?: number | RegExp;
}

const EXPECT = /^\s+expect: /;
const FIELD = /^ {2}[A-Z]\w+: /;

const say = (...codes: string[]): Answer => ({ codes });
const unguarded: Answer = { codes: ['missing-consent-guard'], place: FIELD };
/** Well formed, and not what was meant: only the examples know. */
const otherResult: Answer = { codes: ['broken-example'], place: EXPECT };

const answers: Readonly<Record<string, Answer>> = {
  'a misspelt attribute': say('unknown-attribute'),
  'a misspelt attribute of a loop': say('unknown-attribute'),
  'a misspelt attribute further on': say('unknown-attribute'),
  'a misspelt name of let': say('unknown-name'),
  'a misspelt name of the stream': say('unknown-name'),
  // A loop with another name is a call with names that nothing has.
  'a misspelt function': say('unknown-function', 'unknown-name'),
  'a misspelt conversion': say('unknown-function'),
  'a field that the target does not have': say('unknown-field'),
  'a misspelt key of the file': say('unknown-key'),
  'a misspelt key of a field': say('unknown-key'),
  'a misspelt word': say('unknown-value'),
  'a misspelt table': say('unknown-picklist'),
  'a misspelt status': say('unknown-value'),
  'a misspelt zone': say('unknown-zone'),
  'a misspelt destination': say('unknown-destination'),
  'a misspelt mapping in needs': say('unknown-mapping'),
  'a misspelt purpose': otherResult,
  'a list where one value goes': say('wrong-type'),
  'a number where a text goes': say('wrong-type'),
  'a text where a number goes': say('wrong-type'),
  'a fraction where a whole number goes': say('wrong-type'),
  'a text where a truth goes': say('wrong-type'),
  'a moment where a date goes': say('wrong-type'),
  'a text that is no moment': otherResult,
  'a division that loses the fraction': say('lossy-division'),
  'a division of whole numbers': say('lossy-division'),
  // Into a picklist: what it does not have is said before its length.
  'a text that is too long': say('unknown-picklist-value'),
  'a literal longer than the field': say('too-long'),
  'truncate past the length': say('too-long'),
  'a value that the picklist lacks': say('unknown-picklist-value'),
  'any text into a picklist': say('missing-picklist'),
  'a table with a hole': say('picklist-hole'),
  'a table of values that the target lacks': say('unknown-picklist-value'),
  'a value that whenNot cannot write': say('unknown-picklist-value', 'wrong-type'),
  'a required field that nothing gives': { codes: ['unmapped-required-field'], place: /^fields:/ },
  'a required field that may be absent': say('required-field'),
  'a field that cannot be written': say('not-writable'),
  'a field that stands twice': say('duplicate-field'),
  'a key among the fields': say('duplicate-field'),
  'no key': { codes: ['missing-key'], place: /^mapping: / },
  'half a key': say('missing-key'),
  'a key that identifies nothing': say('key-not-unique'),
  'no whenNot': { codes: ['missing-when-not'], place: /^when: / },
  'no consent asked for': unguarded,
  'a consent beside an or': unguarded,
  'no when at all': unguarded,
  'a condition that never holds': say('constant-condition'),
  'a condition that always holds': say('constant-condition'),
  'a comparison with itself': say('constant-condition'),
  'an or that excludes nothing': say('constant-condition'),
  'a branch that nothing reaches': say('unreachable-branch'),
  'a fallback behind what is always there': say('unreachable-branch'),
  'an hour of nowhere': say('missing-zone'),
  'a day of nowhere': say('wrong-argument'),
  'a pattern that would backtrack': say('bad-pattern'),
  'money as a fraction and a decimal': say('wrong-type'),
  'another delivery that is not needed': say('unknown-target'),
  'a bracket that is not closed': say('expression-syntax'),
  'a text without its own quotes': say('unknown-name'),
  'an empty field': say('missing-expression'),
  'a missing that contradicts its default': say('conflicting-missing'),
  'append of a state': say('operation-not-for-stream'),
  'a value of another field': otherResult,
  'a limit that is none': say('wrong-type'),
  'more lanes than there are': say('wrong-type'),
  'a loop without its variable': say('unknown-name'),
  'an example that no longer holds': say('broken-example'),
  'an example that names what no record has': say('unknown-attribute'),
  'an example that forgets a field': say('broken-example'),
  // A parser of YAML notices two lines later that what stands deeper has no parent.
  'a line out of its place': { codes: ['yaml-syntax'], place: 2 },
  'a tab': say('yaml-syntax'),
};

/** @throws Error where nothing says what a check must find */
export function isFound(
  kind: string,
  good: string,
  broken: string,
  diagnostics: readonly Diagnostic[],
): boolean {
  const answer = answers[kind];
  if (!answer) throw new Error(`Nothing says what a check must find of: ${kind}.`);
  const { codes, place = 0 } = answer;
  const lines = good.split('\n');
  const changed = broken.split('\n').findIndex((line, i) => line !== lines[i]) + 1;
  return diagnostics.some(
    ({ code, line, sourceLine }) =>
      codes.includes(code) && (place instanceof RegExp ? place.test(sourceLine) : line === changed + place),
  );
}
