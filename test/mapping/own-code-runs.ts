/** A mapping that is used often has code of its own; `explain` goes by the closures always. */
import { isDeepStrictEqual } from 'node:util';
import type { CompiledMapping } from '../../src/mapping/compiled-mapping.js';
import { manyEvaluations } from '../../src/mapping/decide.js';
import { randomMapping, randomRecord } from './random-mappings.js';
import { seeded } from '../support/seeded.js';

export function inUse(mapping: CompiledMapping): CompiledMapping {
  const first = mapping.evaluate({});
  let last = first;
  for (let i = 1; i < manyEvaluations; i++) last = mapping.evaluate({});
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

/** Random mappings, each with records of its own. */
export function compareOwnCode(mappings: number, recordsEach: number, firstSeed = 1): Decided {
  const counts = { write: 0, notMatching: 0, rejected: 0 };
  const differing: object[] = [];
  for (let seed = firstSeed; seed < firstSeed + mappings; seed++) {
    const random = seeded(seed);
    const mapping = randomMapping(random);
    if (!mapping) continue;
    inUse(mapping);
    for (let i = 0; i < recordsEach; i++) {
      const record = randomRecord(random);
      const found = mapping.evaluate(record);
      const wanted = mapping.explain(record).evaluation;
      counts[found.kind]++;
      if (!isDeepStrictEqual(found, wanted)) differing.push({ seed, record, found, wanted });
    }
  }
  return { ...counts, differing };
}
