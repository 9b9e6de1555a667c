/** A mapping that is used often has code of its own; `explain` goes by the closures always. */
import { isDeepStrictEqual } from 'node:util';
import type { CompiledMapping } from '../../src/mapping/compiled-mapping.js';
import { randomMapping, randomRecord } from './random-mappings.js';
import { randomFrom } from './seeded-files.js';

const often = 200;

export function inUse(mapping: CompiledMapping): CompiledMapping {
  for (let i = 0; i < often; i++) mapping.evaluate({});
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
    const random = randomFrom(seed);
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
