import { Problem } from '../platform/http/problem.js';

/** The pass that a request came with: the guard saw to its signature; the registration spends it. */
export interface HeldPass {
  readonly eventId: string;
  readonly number: number;
  readonly turn: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    heldPass?: HeldPass;
  }
}

const REFUSALS = {
  'pass-invalid': 'This is no pass of this event’s lobby.',
  'pass-expired': 'The time of this pass is over. Go back to the lobby with the ticket; the place is kept.',
  'pass-spent': 'Somebody registered with this pass already; it is good for one registration.',
} as const;

export function passRefused(code: keyof typeof REFUSALS): Problem {
  return new Problem(code, REFUSALS[code]);
}
