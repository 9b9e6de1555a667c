import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlanRig } from '../pipelines/plan-rig.js';
import { expectAppliedAsPlanned, RandomEdits, seed } from '../pipelines/random-edits.js';

const EDITS = 50;

const COMPANY = '  company: person.company\n';
const WHEN = 'consent.granted("marketing")\nwhenNot: { foyer_status: withdrawn }\n';
/** Edits that reject, empty and leave what stands there: in fifty random ones chance does not bring each of them. */
const SURE = [
  [COMPANY, '  company: { value: person.company, missing: reject }\n'],
  [COMPANY, '  company: { value: person.company, default: "[not provided]" }\n'],
  [COMPANY, '  company: { value: person.company, missing: "null" }\n'],
  [WHEN, 'person.firstName != "Eli" && consent.granted("marketing")\nwhenNot: keep\n'],
] as const;

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
      const drawn = Number(process.env.FOYER_TEST_SEED ?? Date.now() % 2 ** 31);
      console.log(`FOYER_TEST_SEED=${drawn}`);
      const edits = new RandomEdits(on.text(), drawn);
      const kinds = new Set<string>();
      const apply = async (text: string): Promise<void> => {
        const { counts } = await expectAppliedAsPlanned(on, text);
        for (const [kind, count] of Object.entries(counts)) if (count > 0) kinds.add(kind);
      };
      for (let i = 0; i < EDITS; i++) {
        await apply(edits.next());
        await on.rig.people.rename(registrations[edits.random(3)]!, `Name ${i}`);
        await on.settled();
      }
      const base = on.text().slice(0, on.text().indexOf('examples:'));
      for (const [from, to] of SURE) {
        expect(base).toContain(from);
        await apply(base.replace(from, () => to));
      }
      for (const kind of ['changed', 'unknown', 'retained', 'rejected', 'nulled'])
        expect([...kinds]).toContain(kind);
    },
  );
});
