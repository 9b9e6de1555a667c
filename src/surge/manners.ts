import type { Random } from './random.js';

/**
 * How people are. `patient`: waits and registers. `client`: no page, repeats the request with the ticket as
 * `Retry-After` says. `reloader`: shows the ticket again and again. `wanderer`: goes away for a while and comes back.
 * `leaver`: loses patience, in the line or with the pass in hand. The rest cheat.
 */
export const MANNERS = [
  'patient',
  'client',
  'reloader',
  'wanderer',
  'leaver',
  'forger',
  'copier',
  'hammerer',
] as const;
export type Manner = (typeof MANNERS)[number];

const CHEATS = ['forger', 'copier', 'hammerer'] as const satisfies Manner[];
export type Cheat = (typeof CHEATS)[number];

export function isCheat(manner: string): manner is Cheat {
  return (CHEATS as readonly string[]).includes(manner);
}

/** Shares of a whole. */
export type Mix = Readonly<Record<Manner, number>>;

export const STANDARD_MIX: Mix = {
  patient: 0.6,
  client: 0.05,
  reloader: 0.1,
  wanderer: 0.08,
  leaver: 0.12,
  forger: 0.02,
  copier: 0.02,
  hammerer: 0.01,
};

export function mannerOf(random: Random, mix: Mix): Manner {
  const total = MANNERS.reduce((sum, manner) => sum + mix[manner], 0);
  let left = random() * total;
  for (const manner of MANNERS) {
    left -= mix[manner];
    if (left < 0) return manner;
  }
  return 'patient';
}

/** @param text `patient=80,leaver=20`; what is not named is 0. @throws Error naming what is wrong */
export function readMix(text: string): Mix {
  const mix = Object.fromEntries(MANNERS.map((manner) => [manner, 0])) as Record<Manner, number>;
  for (const part of text.split(',')) {
    const [name = '', share = ''] = part.split('=').map((word) => word.trim());
    if (!Object.hasOwn(mix, name)) throw new Error(`there are no visitors "${name}": ${MANNERS.join(', ')}`);
    const number = Number(share);
    if (share === '' || !Number.isFinite(number) || number < 0)
      throw new Error(`${name} takes a share, not "${share}"`);
    mix[name as Manner] = number;
  }
  if (Object.values(mix).every((share) => share === 0)) throw new Error('somebody must come');
  return mix;
}
