import { Choice, Count, Line, Text, Time } from '../platform/http/fields.js';
import { JOINED_EXAMPLE } from './examples.js';
import { MODES, ROOM_STATES } from './room.js';

const ON_FAILURE = ['hold', 'close'] as const;
const TICKET = JOINED_EXAMPLE.ticket;
const MESSAGE_MAX = 500;
const ACTIVE_MAX = 1_000_000;

export class PutLobbyDto {
  @Choice(MODES, { example: 'auto' }) mode!: (typeof MODES)[number];
  @Count({ max: ACTIVE_MAX, description: 'People who may register at once', example: 200 })
  maxActive!: number;
  @Count({ max: ACTIVE_MAX, description: 'Released in any 60 seconds', example: 600 }) maxPerMinute!: number;
  @Count({ max: 7_200, optional: true, description: 'Seconds a pass is good for', example: 600 })
  passSeconds?: number;
  @Count({ max: 600, optional: true, description: 'Seconds to fetch the pass when called', example: 45 })
  claimSeconds?: number;
  @Time({ optional: true, nullable: true, description: 'Before this nobody is called' }) opensAt?:
    string | null;
  @Text({ max: MESSAGE_MAX, optional: true, nullable: true, description: 'Shown to those who wait' })
  message?: string | null;
  @Choice(ON_FAILURE, { optional: true, description: 'While the database is away' })
  onFailure?: (typeof ON_FAILURE)[number];
  @Choice(ROOM_STATES, { optional: true }) state?: (typeof ROOM_STATES)[number];
}

/** A merge patch: what is absent stays. */
export class PatchLobbyDto {
  @Choice(MODES, { optional: true, example: 'always' }) mode?: (typeof MODES)[number];
  @Count({ max: ACTIVE_MAX, optional: true }) maxActive?: number;
  @Count({ max: ACTIVE_MAX, optional: true }) maxPerMinute?: number;
  @Count({ max: 7_200, optional: true }) passSeconds?: number;
  @Count({ max: 600, optional: true }) claimSeconds?: number;
  @Time({ optional: true, nullable: true }) opensAt?: string | null;
  @Text({ max: MESSAGE_MAX, optional: true, nullable: true }) message?: string | null;
  @Choice(ON_FAILURE, { optional: true }) onFailure?: (typeof ON_FAILURE)[number];
  @Choice(ROOM_STATES, { optional: true, description: 'paused: nobody is called; draining: nobody joins' })
  state?: (typeof ROOM_STATES)[number];
}

export class TicketDto {
  @Line({ max: 512, description: 'As it was given on joining', example: TICKET }) ticket!: string;
}
