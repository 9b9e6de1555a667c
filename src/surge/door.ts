/**
 * What a visitor can do, and what they are told: the API as one sees it from outside. Two doors ship: over HTTP to a
 * running instance, and onto the lobby's own controller on a simulated clock. The visitors are the same for both.
 */
export type Ask =
  | {
      readonly do: 'register';
      /** Numbers the people; each has an address of its own. */
      readonly person: number;
      readonly ticket?: string | undefined;
      readonly pass?: string | undefined;
    }
  | { readonly do: 'join'; readonly ticket?: string }
  | { readonly do: 'status' }
  | { readonly do: 'checkIn' | 'pass' | 'leave'; readonly ticket: string };

export const ASKS = ['register', 'join', 'status', 'checkIn', 'pass', 'leave'] as const;
export type AskName = (typeof ASKS)[number];

/** What stands in the answers' bodies, as far as visitors read it. */
export interface Place {
  readonly ticket: string;
  readonly number: number;
  readonly position: number;
  readonly estimatedWaitSeconds: { readonly low: number; readonly high: number };
}

export interface LineStatus {
  readonly state: 'off' | 'open' | 'queueing' | 'paused' | 'closed';
  readonly called: number;
  readonly issued: number;
  readonly checkIn: number;
  readonly ratePerMinute: number;
}

export interface Told {
  /** 0 where nobody answered. */
  readonly status: number;
  /** Of the problem, such as `lobby-required`. */
  readonly code?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly place?: Place | undefined;
  readonly line?: LineStatus | undefined;
  readonly pass?: string | undefined;
  /** `state` is the registration's status. */
  readonly registration?: { readonly id: string; readonly state: string } | undefined;
}

export interface Door {
  /** Since the start of the run. */
  nowMs(): number;
  /** @param then is told when it was due, which may have been earlier than now */
  wait(ms: number, then: (dueMs: number) => void): void;
  ask(ask: Ask, then: (told: Told) => void): void;
}
