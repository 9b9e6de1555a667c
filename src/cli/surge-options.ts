import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { arrivalTimes, type Shape, SHAPES, type Stretch, stretchesOf } from '../surge/arrivals.js';
import type { Plan } from '../surge/crowd.js';
import { readMix, STANDARD_MIX } from '../surge/manners.js';
import { seeded } from '../surge/random.js';
import { readProfile } from '../surge/read-profile.js';
import type { Scenario } from '../surge/report.js';
import { type Invocation, UsageError } from './command.js';
import { connectionOptions } from './connection-options.js';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

const SCENARIO_OPTIONS = {
  visitors: text,
  minutes: text,
  arrivals: text,
  mix: text,
  seed: text,
  'form-seconds': text,
  'patience-minutes': text,
  'wait-minutes': text,
  'opens-after-minutes': text,
  mode: text,
  'max-active': text,
  'max-per-minute': text,
  capacity: text,
} as const;

export const SURGE_OPTIONS = {
  ...SCENARIO_OPTIONS,
  simulate: flag,
  report: text,
  json: flag,
  event: text,
  answers: text,
  deliver: flag,
  notes: text,
  keep: flag,
  'i-operate': text,
  ...connectionOptions,
} as const;

/** What is meant where nothing is said, and what is the most. */
const STANDARDS = {
  simulated: {
    visitors: 100_000,
    visitorsMax: 1_000_000,
    minutes: 60,
    minutesMax: 1_440,
    formSeconds: 60,
    maxActive: 2_000,
    maxPerMinute: 1_800,
  },
  measured: {
    visitors: 500,
    visitorsMax: 20_000,
    minutes: 2,
    minutesMax: 180,
    formSeconds: 10,
    maxActive: 40,
    maxPerMinute: 200,
  },
} as const;
const PASS_SECONDS = 600;
const CLAIM_SECONDS = 45;
/** The wait that the advice aims at: a sixth of the time in which people come. */
const WAIT_SHARE = 1 / 6;
const PATIENCE_SHARE = 1 / 4;
const PROFILE_BYTES_MAX = 5_000_000;
/** After the last one came, as long again, and this. */
const AFTER_MINUTES = 3;

export interface Chosen {
  readonly scenario: Scenario;
  readonly plan: Plan;
}

/** @throws UsageError for everything that makes no sense */
export async function choose({ options }: Invocation): Promise<Chosen> {
  const kind = options.simulate === true ? 'simulated' : 'measured';
  const standard = STANDARDS[kind];
  const number = (
    name: keyof typeof SCENARIO_OPTIONS,
    otherwise: number,
    least: number,
    most: number,
  ): number => numberOf(name, options[name], otherwise, least, most);
  const profile = await profileOf(options.arrivals);
  const profileMinutes = profile ? profile.stretches.at(-1)!.toMs / 60_000 : standard.minutes;
  const profilePeople = profile ? profile.stretches.reduce((sum, { people }) => sum + people, 0) : 0;
  const minutes = number('minutes', profileMinutes, 0.01, standard.minutesMax);
  const peopleThen = Math.min(standard.visitorsMax, Math.max(1, Math.round(profilePeople)));
  const visitors = whole(
    'visitors',
    number('visitors', profile ? peopleThen : standard.visitors, 1, standard.visitorsMax),
  );
  const scenario: Scenario = {
    seed: whole('seed', number('seed', 1, 0, 2 ** 31)),
    visitors,
    arrivals: profile?.name ?? shapeOf(options.arrivals),
    minutes,
    formSeconds: number('form-seconds', standard.formSeconds, 0, 3_600),
    patienceSeconds: number('patience-minutes', minutes * PATIENCE_SHARE, 0, 1_440) * 60,
    waitMinutes: number(
      'wait-minutes',
      Math.max(0.1, Math.round(minutes * WAIT_SHARE * 10) / 10),
      0.05,
      1_440,
    ),
    opensAfterMinutes: number('opens-after-minutes', 0, 0, standard.minutesMax),
    mix: mixOf(options.mix),
    lobby: {
      mode: modeOf(options.mode),
      maxActive: whole('max-active', number('max-active', standard.maxActive, 1, 1_000_000)),
      maxPerMinute: whole('max-per-minute', number('max-per-minute', standard.maxPerMinute, 1, 1_000_000)),
      passSeconds: PASS_SECONDS,
      claimSeconds: CLAIM_SECONDS,
    },
    capacity: options.capacity === undefined ? null : whole('capacity', number('capacity', 0, 0, 10_000_000)),
  };
  const stretches = profile
    ? scaled(profile.stretches, minutes / profileMinutes)
    : stretchesOf(scenario.arrivals as Shape, minutes * 60_000);
  return { scenario, plan: planOf(scenario, stretches) };
}

function planOf(scenario: Scenario, stretches: readonly Stretch[]): Plan {
  const { seed, visitors, minutes, mix, formSeconds, patienceSeconds, opensAfterMinutes } = scenario;
  return {
    seed,
    arrivals: arrivalTimes(stretches, visitors, seeded(seed)),
    mix,
    formMs: formSeconds * 1000,
    patienceMs: patienceSeconds * 1000,
    endMs: (2 * minutes + opensAfterMinutes + AFTER_MINUTES) * 60_000,
  };
}

function scaled(stretches: readonly Stretch[], factor: number): Stretch[] {
  return stretches.map(({ fromMs, toMs, people }) => ({
    fromMs: fromMs * factor,
    toMs: toMs * factor,
    people,
  }));
}

/** Null where a shape is named, or nothing. */
async function profileOf(arrivals: unknown): Promise<{ name: string; stretches: Stretch[] } | null> {
  if (typeof arrivals !== 'string' || (SHAPES as readonly string[]).includes(arrivals)) return null;
  if (!/\.(csv|json)$/i.test(arrivals))
    throw new UsageError(`--arrivals takes ${SHAPES.join(', ')}, or a file (.csv, .json), not "${arrivals}"`);
  const content = await readFile(arrivals, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`${arrivals} cannot be read`, { cause });
  });
  if (content.length > PROFILE_BYTES_MAX)
    throw new UsageError(`${arrivals} is larger than ${PROFILE_BYTES_MAX} bytes`);
  try {
    return { name: path.basename(arrivals), stretches: readProfile(content) };
  } catch (cause) {
    throw new UsageError(`${arrivals} ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function shapeOf(arrivals: unknown): Shape {
  return (arrivals ?? 'spike') as Shape;
}

function modeOf(mode: unknown): 'auto' | 'always' {
  if (mode === undefined || mode === 'auto' || mode === 'always') return mode ?? 'auto';
  throw new UsageError('--mode takes auto or always');
}

function mixOf(mix: unknown): Scenario['mix'] {
  if (typeof mix !== 'string') return STANDARD_MIX;
  try {
    return readMix(mix);
  } catch (cause) {
    throw new UsageError(`--mix: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function numberOf(name: string, value: unknown, otherwise: number, least: number, most: number): number {
  if (value === undefined) return otherwise;
  const given = typeof value === 'string' ? value.trim() : '';
  const number = given === '' ? Number.NaN : Number(given);
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${name} takes a number from ${least} to ${most}, not "${given}"`);
}

function whole(name: string, number: number): number {
  if (Number.isInteger(number)) return number;
  throw new UsageError(`--${name} takes a whole number`);
}
