import { expect } from 'vitest';
import type { AppliedPlan } from '../../src/pipelines/apply-plan.js';
import { PlanRig } from './plan-rig.js';
import { seed } from './random-edits.js';
import { MAPPING } from './rig.js';

export const COMPANY = '  company: person.company\n';
export const COMPANY_OR_TEXT = '  company: { value: person.company, default: "[not provided]" }\n';
export const COUNTRY_AS_COMPANY = '  company: { value: person.country, missing: "null" }\n';
export const LAST_NAME = '  lastname: person.lastName\n';
export const WHEN = 'consent.granted("marketing")\nwhenNot: { foyer_status: withdrawn }\n';

type Edit = readonly [from: string, to: string];

/** Six people at HubSpot, and versions of the mapping that come, go and are undone. */
export class Undoing {
  private constructor(
    readonly on: PlanRig,
    readonly registrations: readonly string[],
    readonly base: string,
  ) {}

  static async start(): Promise<Undoing> {
    const on = await PlanRig.start();
    const base = on.text().slice(0, on.text().indexOf('examples:'));
    return new Undoing(on, await seed(on), base);
  }

  edited(...edits: Edit[]): string {
    return edits.reduce((text, [from, to]) => {
      expect(text).toContain(from);
      return text.replace(from, () => to);
    }, this.base);
  }

  async apply(source: string, read = false): Promise<AppliedPlan> {
    const { id } = await this.on.plan({ source, read });
    const applied = await this.on.apply(id);
    expect((await this.on.settled()).unaccounted).toBe(0);
    return applied;
  }

  async undo({ inverse }: AppliedPlan): Promise<AppliedPlan> {
    const undone = await this.on.apply(inverse!, false);
    expect((await this.on.settled()).unaccounted).toBe(0);
    return undone;
  }

  /** Cy, Dee and Eli have no company: an earlier version wrote them a text, which what comes after it leaves alone. */
  async withTexts(...edits: Edit[]): Promise<void> {
    await this.apply(this.edited([COMPANY, COMPANY_OR_TEXT]));
    await this.apply(this.edited(...edits));
  }

  /** Brings the mapping and its records back to what stands in the project. */
  async reset(): Promise<void> {
    await this.apply(this.edited([COMPANY, '  company: { value: person.company, missing: "null" }\n']));
    await this.apply(this.base);
  }

  async whilePaused(work: () => Promise<void>): Promise<void> {
    await this.on.app.operator('POST', `/v1/mappings/${MAPPING}/pause`);
    await work();
    await this.on.app.operator('POST', `/v1/mappings/${MAPPING}/resume`);
    expect((await this.on.settled()).unaccounted).toBe(0);
  }

  /** What stands at HubSpot in every field of ours, by e-mail. */
  async standing(): Promise<Record<string, Record<string, string>>> {
    const contacts = (await this.on.rig.contacts()).map(({ fields }) => {
      const ours = Object.keys(fields).filter(
        (name) => !name.startsWith('hs_') && name !== 'lastmodifieddate',
      );
      return [
        fields.email!,
        Object.fromEntries(ours.sort().map((name) => [name, fields[name] ?? ''])),
      ] as const;
    });
    return Object.fromEntries(contacts.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async companies(): Promise<Record<string, string>> {
    const contacts = Object.entries(await this.standing());
    return Object.fromEntries(contacts.map(([email, { company }]) => [email.split('@')[0]!, company ?? '']));
  }
}
