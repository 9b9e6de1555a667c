import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlanRig } from '../pipelines/plan-rig.js';
import { expectAppliedAsPlanned, RandomEdits, seed } from '../pipelines/random-edits.js';

const EDITS = 50;

let on: PlanRig;
let registrations: string[];

beforeAll(async () => {
  on = await PlanRig.start();
  registrations = await seed(on);
});

afterAll(() => on.stop());

describe('An apply', () => {
  it(
    `writes exactly what the plan said, in ${EDITS} random edits one after the other`,
    { timeout: 600_000 },
    async () => {
      const edits = new RandomEdits(on.text(), Number(process.env.FOYER_TEST_SEED ?? Date.now() % 2 ** 31));
      const kinds = new Set<string>();
      for (let i = 0; i < EDITS; i++) {
        const { counts } = await expectAppliedAsPlanned(on, edits.next());
        for (const [kind, count] of Object.entries(counts)) if (count > 0) kinds.add(kind);
        await on.rig.people.rename(registrations[edits.random(3)]!, `Name ${i}`);
        await on.settled();
      }
      for (const kind of ['changed', 'unknown', 'retained', 'rejected', 'nulled'])
        expect([...kinds]).toContain(kind);
    },
  );
});
