/** Calls that are no plain functions: they look at their arguments unread, at tables, or at other deliveries. */
import { isConsentGranted } from './consent.js';
import type { Node } from './expression-language.js';
import { nearestName } from './nearest-name.js';
import { lookUp } from './picklist.js';
import { NotInLanguage, type Compiled, type Scope } from './scope.js';
import { literalText } from './syntax-tree.js';
import { ValueFault } from './value-fault.js';
import { classOf, type Run } from './value.js';

type Compile = (node: Node, scope: Scope) => Compiled;
type SpecialCall = (args: readonly Node[], node: Node, scope: Scope, compile: Compile) => Run;

export const specialCalls: ReadonlyMap<string, SpecialCall> = new Map<string, SpecialCall>([
  ['has', has],
  ['coalesce', coalesce],
  ['lookup', lookup],
  ['target', target],
]);

/** The code of a record that waits for another mapping's delivery; `waitsFor` names the mapping. */
export const targetMissing = 'target-missing';

export function granted(purpose: Node, scope: Scope, compile: Compile): Run {
  const { run } = compile(purpose, scope);
  return (frame) => {
    const asked = run(frame);
    return typeof asked === 'string' && isConsentGranted(frame, asked);
  };
}

function has([argument]: readonly Node[], node: Node, scope: Scope, compile: Compile): Run {
  if (argument?.op !== '.')
    throw new NotInLanguage('wrong-argument', 'has() asks for an attribute: has(a.b)', argument ?? node);
  const { run } = compile(argument, scope);
  return (frame) => run(frame) !== undefined;
}

function coalesce(args: readonly Node[], _node: Node, scope: Scope, compile: Compile): Run {
  const runs = args.map((arg) => compile(arg, scope).run);
  return (frame) => {
    let last: unknown;
    for (const run of runs) {
      last = run(frame);
      if (last !== undefined && last !== null) return last;
    }
    return last;
  };
}

function lookup([name, key]: readonly Node[], node: Node, scope: Scope, compile: Compile): Run {
  const table = literalText(name);
  if (table === null || !key) {
    throw new NotInLanguage(
      'wrong-argument',
      'lookup() needs the name of its table as a literal text',
      name ?? node,
    );
  }
  const picklist = scope.picklists.get(table);
  if (!picklist) {
    const nearest = nearestName(table, scope.picklists.keys());
    throw new NotInLanguage('unknown-picklist', `There is no table ${table}`, name!, nearest);
  }
  const { run } = compile(key, scope);
  return (frame) => {
    const asked = run(frame);
    if (asked === undefined || asked === null) return asked;
    if (typeof asked !== 'string' && typeof asked !== 'number' && typeof asked !== 'boolean') {
      throw new ValueFault('wrong-type', `Expected a text to look up, found ${classOf(asked)}`);
    }
    return lookUp(picklist, String(asked), frame);
  };
}

function target([name]: readonly Node[], node: Node, scope: Scope): Run {
  const mapping = literalText(name);
  if (mapping === null) {
    throw new NotInLanguage(
      'wrong-argument',
      'target() needs the name of a mapping as a literal text',
      name ?? node,
    );
  }
  if (!scope.needs.includes(mapping)) {
    const nearest = nearestName(mapping, scope.needs);
    throw new NotInLanguage(
      'unknown-target',
      `${mapping} is not among needs`,
      name!,
      nearest,
      nearest ? null : `add it: needs: [${mapping}]`,
    );
  }
  return (frame) => {
    const delivered = Object.hasOwn(frame.targets, mapping) ? frame.targets[mapping] : undefined;
    if (delivered !== undefined) return delivered;
    throw new ValueFault(
      targetMissing,
      `${mapping} has not delivered the record that this one needs`,
      'data',
      mapping,
    );
  };
}
