import type { TargetType } from '../mapping/target-metadata.js';
import { unreadable } from './call-outcome.js';
import type { CallOptions, Described, DescribedField } from './connector.js';
import type { RestAsker } from './rest-ask.js';
import { idOf } from './rest-answer.js';
import type { KnownField, RestDescribe } from './rest-describe-declaration.js';
import { resultsIn } from './rest-results.js';
import type { Values } from './template.js';

/** Asks a declared backend for the fields of an object. */
export async function describeDeclared(
  declared: RestDescribe,
  asker: RestAsker,
  options: CallOptions,
): Promise<Described> {
  const heard = await asker.ask(declared, {}, options);
  if ('failure' in heard) return { ok: false, reason: heard.failure.reason };
  const { answer, values } = heard;
  const told = (resultsIn(declared.results, values) ?? []).flatMap((result): [string, DescribedField][] => {
    const of = { ...values, result };
    const name = idOf(declared.name(of));
    return name === null ? [] : [[name, fieldOf(declared, of)]];
  });
  // An object without fields is none: the answer is another one than was declared.
  if (told.length === 0) return { ok: false, reason: unreadable(answer.status).reason };
  const fields = new Map(told);
  for (const [name, known] of Object.entries(declared.also))
    fields.set(name, { type: 'string', ...fields.get(name), ...given(known) });
  return { ok: true, fields: Object.fromEntries(fields) };
}

function fieldOf(declared: RestDescribe, of: Values): DescribedField {
  const type = typeOf(declared, of);
  const length = Number(declared.length?.(of) ?? NaN);
  const values = type === 'picklist' ? textsOf(declared.values?.(of)) : null;
  return {
    type,
    ...(Number.isInteger(length) && length > 0 ? { length } : {}),
    ...(declared.required?.(of) === true ? { required: true } : {}),
    ...(declared.writable?.(of) === false ? { writable: false } : {}),
    ...(declared.unique?.(of) === true ? { unique: true } : {}),
    ...(values === null ? {} : { values }),
    ...(declared.restricted?.(of) === false ? { restricted: false } : {}),
  };
}

function typeOf({ type, types }: RestDescribe, of: Values): TargetType {
  const word = idOf(type?.(of));
  return word !== null && Object.hasOwn(types, word) ? types[word]! : 'string';
}

function textsOf(value: unknown): string[] | null {
  return Array.isArray(value) ? (value as unknown[]).flatMap((one) => idOf(one) ?? []) : null;
}

/** What was said of a field in the declaration. */
function given(known: KnownField): Partial<DescribedField> {
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== null));
}
