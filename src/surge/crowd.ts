import { AskLog } from './ask-log.js';
import { copier, forger, hammerer, type Loot } from './cheats.js';
import type { Door } from './door.js';
import { client, leaver, losesPatience, reloads, stays, wanders } from './habits.js';
import { patient, type Visitor } from './journey.js';
import { type Cheat, isCheat, type Manner, mannerOf, type Mix } from './manners.js';
import { type Random, seededFor } from './random.js';
import { newVisit, type Visit } from './visit.js';
import { type Journey, walk } from './walk.js';

export interface Plan {
  readonly seed: number;
  /** When each one comes, in ms, in order. */
  readonly arrivals: readonly number[];
  readonly mix: Mix;
  readonly formMs: number;
  readonly patienceMs: number;
  /** Whoever is not through by then goes away. */
  readonly endMs: number;
}

/** Everybody who comes, and what they noted. Nobody waits for another: each comes when their time is there. */
export class Crowd {
  readonly visits: Visit[] = [];
  readonly log = new AskLog();
  readonly loot: Record<Cheat, Loot> = { forger: none(), copier: none(), hammerer: none() };
  private inside = 0;
  private isStopped = false;

  constructor(
    private readonly plan: Plan,
    private readonly door: Door,
  ) {}

  /** @param done is told when the last one has gone */
  open(done: () => void): void {
    this.next(0, done);
  }

  /** Everyone goes at their next step. */
  stop(): void {
    this.isStopped = true;
  }

  private next(person: number, done: () => void): void {
    const arrivedMs = this.plan.arrivals[person];
    if (arrivedMs === undefined || this.isStopped) {
      if (this.inside === 0) done();
      return;
    }
    this.door.wait(arrivedMs - this.door.nowMs(), () => {
      if (!this.isStopped) this.enter(person, arrivedMs, done);
      this.next(person + 1, done);
    });
  }

  private enter(person: number, arrivedMs: number, done: () => void): void {
    const { seed, mix, formMs, patienceMs, endMs } = this.plan;
    const random = seededFor(seed, person);
    const manner = mannerOf(random, mix);
    const visit = newVisit(person, manner, arrivedMs);
    this.visits.push(visit);
    const { door } = this;
    const visitor: Visitor = {
      visit,
      random,
      formMs,
      patienceMs,
      nowMs: () => door.nowMs(),
      isOver: () => this.isStopped || door.nowMs() > endMs,
      meanwhile: meanwhileOf(manner, random, patienceMs),
    };
    this.inside++;
    const walker = { journey: this.journeyOf(visitor), isCheat: isCheat(manner), startMs: arrivedMs };
    walk(walker, door, this.log, () => {
      visit.endedMs ??= door.nowMs();
      this.inside--;
      if (this.inside === 0 && (this.isStopped || this.visits.length === this.plan.arrivals.length)) done();
    });
  }

  private journeyOf(visitor: Visitor): Journey {
    const { manner } = visitor.visit;
    if (manner === 'forger') return forger(visitor, this.loot.forger);
    if (manner === 'copier') return copier(visitor, this.loot.copier);
    if (manner === 'hammerer') return hammerer(visitor, this.loot.hammerer);
    if (manner === 'client') return client(visitor);
    return manner === 'leaver' ? leaver(visitor) : patient(visitor);
  }
}

function meanwhileOf(manner: Manner, random: Random, patienceMs: number): Visitor['meanwhile'] {
  if (manner === 'reloader') return reloads;
  if (manner === 'wanderer') return wanders({ random, patienceMs });
  return manner === 'leaver' ? losesPatience({ random, patienceMs }) : stays;
}

function none(): Loot {
  return { tries: 0, refused: 0, gained: 0 };
}
