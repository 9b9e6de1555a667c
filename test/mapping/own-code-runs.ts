/** A mapping that is used often has code of its own, one to decide and one to explain; one that is not, has closures. */
import { isDeepStrictEqual } from 'node:util';
import type { CompiledMapping, Explanation } from '../../src/mapping/compiled-mapping.js';
import { manyEvaluations } from '../../src/mapping/decide.js';
import { randomMapping, randomRecord } from './random-mappings.js';
import { seeded } from '../support/seeded.js';

export function inUse(mapping: CompiledMapping): CompiledMapping {
  const first = mapping.evaluate({});
  let last = first;
  for (let i = 1; i < manyEvaluations; i++) {
    last = mapping.evaluate({});
    mapping.explain({});
  }
  mapping.explain({});
  // The code is made with the last of them, which fails where the text that was written is none.
  if (!isDeepStrictEqual(last, first))
    throw new Error(`${mapping.name} got no code: ${JSON.stringify(last)}`);
  return mapping;
}

export interface Decided {
  readonly write: number;
  readonly notMatching: number;
  readonly rejected: number;
  /** Where the code of a mapping and its closures do not decide the same. */
  readonly differing: readonly object[];
}

/** Everything that an explanation tells, when it is asked for all of it. */
export function told({ evaluation, when, fields }: Explanation): object {
  return {
    evaluation,
    when: when && { ...when, sources: when.sources() },
    fields: fields.map((trace) => {
      const { field, outcome, value, given, lookups } = trace;
      return { field, outcome, value, given, lookups, sources: trace.sources() };
    }),
  };
}

/** Random mappings, each with records of its own, fewer than give a mapping code. */
export function compareOwnCode(mappings: number, recordsEach: number, firstSeed = 1): Decided {
  const counts = { write: 0, notMatching: 0, rejected: 0 };
  const differing: object[] = [];
  for (let seed = firstSeed; seed < firstSeed + mappings; seed++) {
    const byClosures = randomMapping(seeded(seed));
    const random = seeded(seed);
    const mapping = randomMapping(random);
    if (!mapping || !byClosures) continue;
    inUse(mapping);
    for (let i = 0; i < recordsEach; i++) {
      const record = randomRecord(random);
      const found = { evaluation: mapping.evaluate(record), explanation: told(mapping.explain(record)) };
      const explanation = byClosures.explain(record);
      const wanted = { evaluation: explanation.evaluation, explanation: told(explanation) };
      counts[found.evaluation.kind]++;
      if (!isDeepStrictEqual(found, wanted)) differing.push({ seed, record, found, wanted });
    }
  }
  return { ...counts, differing };
}
