/** Arguments that must be known while compiling, so that a mistake in them never waits for a record. */
import { typeOf, type Node } from './expression-language.js';
import { durationType } from './function-spec.js';
import { nearestName } from './nearest-name.js';
import { NotInLanguage } from './scope.js';
import { literalText } from './syntax-tree.js';
import { hashAlgorithms, patternFault } from './text-functions.js';
import { datePatternFault, isZone } from './zoned-time.js';

export function requireLiterals(name: string, args: readonly Node[]): void {
  switch (name) {
    case 'matches':
      requirePattern(args[0]!);
      break;
    case 'hash':
      if (args[1]) requireAlgorithm(args[1]);
      break;
    case 'date':
      checkZone(args[1]!);
      break;
    case 'format':
      requireDatePattern(args[1]!);
      checkZone(args[2]!);
  }
}

/** A time has no hour but somewhere; a duration has none anywhere. */
export function requireZone(name: string, receiver: Node, args: readonly Node[], node: Node): void {
  if (args[0]) checkZone(args[0]);
  if (args[0] || typeOf(receiver) === durationType) return;
  throw new NotInLanguage(
    'missing-zone',
    `${name}() of a time depends on where one is`,
    node,
    null,
    `write ${name}("Europe/Berlin")`,
  );
}

function requirePattern(node: Node): void {
  const text = literalText(node);
  if (text === null) {
    throw new NotInLanguage('wrong-argument', 'matches() needs its pattern as a literal text', node);
  }
  const fault = patternFault(text);
  if (fault) throw new NotInLanguage('bad-pattern', `The pattern is not RE2: ${fault}`, node);
}

function requireAlgorithm(node: Node): void {
  const text = literalText(node);
  if (text !== null && hashAlgorithms.some((known) => known === text)) return;
  const nearest = text === null ? null : nearestName(text, hashAlgorithms);
  throw new NotInLanguage('wrong-argument', `hash() knows ${hashAlgorithms.join(', ')}`, node, nearest);
}

function requireDatePattern(node: Node): void {
  const text = literalText(node);
  const fault = text === null ? 'it must be a literal text' : datePatternFault(text);
  if (fault) throw new NotInLanguage('bad-pattern', `The pattern of format(): ${fault}`, node);
}

/** A zone may come from the record (`event.timeZone`); a literal one is looked up here and now. */
function checkZone(node: Node): void {
  const zone = literalText(node);
  if (zone === null || isZone(zone)) return;
  throw new NotInLanguage('unknown-zone', `There is no time zone ${zone}`, node, nearestZone(zone));
}

function nearestZone(zone: string): string | null {
  return nearestName(zone, Intl.supportedValuesOf('timeZone'));
}
