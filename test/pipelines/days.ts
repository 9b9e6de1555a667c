import { expect } from 'vitest';
import type { Outcome } from '../../src/connectors/connector.js';
import { MovedClock } from '../support/moved-clock.js';
import { waitFor } from '../support/wait-for.js';
import { MAPPING_OF_LEADS, ScriptedRig } from './scripted-rig.js';

export const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];
export const MAPPING = 'crm.lead';
export const POISON = 'poison@example.com';
/** The waits: 1, 2, 4 … 256 minutes, then 8 hours each. */
export const SCHEDULE = { retryFirstMs: MINUTE_MS, retryMaxMs: 8 * HOUR_MS, giveUpAfterMs: 3 * DAY_MS };
/** Of `SCHEDULE`, the try after which the longest wait comes first, and the one after three days of waits. */
export const [LONGEST_AT, LAST] = [10, 18];
/** As long as a destination is left alone that answered nothing. */
const HOLD_MS = 31_000;
/** Who is tried beside a record that fails the whole call waits twice as long before the next time. */
const PATIENCE_MS = 60_000;
const ASKS_A_STEP = 8;
export const BROKEN = {
  kind: 'retry',
  afterMs: null,
  reason: { code: 'broken', message: 'Internal error.', owner: 'backend', status: 500 },
} as const satisfies Outcome;

interface Standing {
  readonly state: string;
  readonly tries: number;
  readonly next: Date | null;
  readonly tried: Date | null;
  readonly reason: { code: string; message: string } | null;
}

/** A backend that does as the test says, people who register, and a clock that lets days pass. */
export class Days {
  registered = 0;

  private constructor(
    readonly rig: ScriptedRig,
    readonly clock: MovedClock,
    private readonly event: string,
  ) {}

  static async begin(): Promise<Days> {
    const rig = await ScriptedRig.start({ lead: MAPPING_OF_LEADS });
    const clock = await MovedClock.of(rig.databaseUrl);
    return new Days(rig, clock, await rig.people.event('days'));
  }

  async register(...emails: string[]): Promise<string[]> {
    this.registered += emails.length;
    return this.rig.people.register(this.event, emails);
  }

  /** How the record of somebody stands, and when it was tried last. */
  async standing(email: string = POISON): Promise<Standing> {
    const { rows } = await this.rig.pool.query<Omit<Standing, 'reason'> & { reason: string | null }>(
      `select d.state, d.tries, d.next_attempt_at as next, a.at as tried, d.reason
         from persons p join deliveries d on d.key = p.id left join attempts a on a.id = d.attempt
        where p.email = $1`,
      [email],
    );
    const { reason, ...rest } = rows[0] ?? { state: 'none', tries: 0, next: null, tried: null, reason: null };
    return { ...rest, reason: JSON.parse(reason ?? 'null') as Standing['reason'] };
  }

  /** Waits, with a clock that goes on meanwhile: a destination that is left alone for a while is tried again. */
  async inTime<T>(ask: () => Promise<T>, isSo: (seen: T) => boolean, stepMs = HOLD_MS): Promise<T> {
    let asked = 0;
    const askAgain = async (): Promise<T> => {
      if (++asked % ASKS_A_STEP === 0) {
        await this.clock.moveOn(stepMs);
        // Whoever gave a lane back just as the clock jumped counted from the time before.
        await this.rig.pool.query('update lanes set due = clock_timestamp() where due > clock_timestamp()');
      }
      return ask();
    };
    return waitFor(askAgain, isSo, PATIENCE_MS);
  }

  /** Lets the time come for which a record waits, and the answer. */
  async nextTry(before: Standing): Promise<Standing> {
    expect(before.state).toBe('retrying');
    await this.clock.moveOn(Math.max(before.next!.getTime() - this.clock.now().getTime(), 0));
    return this.inTime(
      () => this.standing(),
      ({ state, next }) => state !== 'retrying' || Number(next) !== Number(before.next),
    );
  }

  failed(): Promise<Standing> {
    return waitFor(
      () => this.standing(),
      ({ tries }) => tries > 0,
    );
  }

  /** Somebody else registers and is written. Proves that the lane is alive. */
  async somebodyPasses(): Promise<void> {
    const email = `other-${this.registered}@example.com`;
    await this.register(email);
    await this.inTime(
      () => this.standing(email),
      ({ state }) => state === 'verified',
    );
  }

  async expectBalanced(states: object): Promise<void> {
    const ledger = await this.rig.until(MAPPING, states);
    const { total, settled, superseded, waiting } = ledger.changes;
    expect(ledger).toMatchObject({ records: this.registered, unaccounted: 0 });
    expect(total).toBe(settled + superseded + waiting);
    expect(Object.values(ledger.states).reduce((sum, n) => sum + n, 0)).toBe(this.registered);
  }

  /** Every call with the poison in it fails as a whole, and not always in the same way. */
  poisoned(): { calls: number } {
    const seen = { calls: 0 };
    this.rig.crm.script = ({ records }) => {
      if (!records.some(({ fields }) => fields['Email'] === POISON)) return undefined;
      return seen.calls++ % 3 === 1 ? 'lost' : BROKEN;
    };
    return seen;
  }

  written(email: string): number {
    const leads = this.rig.crm.all('Lead');
    const keys = leads.flatMap(({ key, fields }) => (fields['Email'] === email ? [key] : []));
    expect(keys).toHaveLength(1);
    return this.rig.crm.written.filter(({ key }) => key === keys[0]).length;
  }

  /** As an operator does for all that was given up. */
  async replay(): Promise<void> {
    await this.rig.pool.query(
      `insert into redeliveries (mapping, key, slot, whole)
       select mapping, key, slot, true from deliveries where reason::json ->> 'code' = 'given-up'`,
    );
  }
}
