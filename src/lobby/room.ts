import { placesLeft } from '../events/event.js';
import { isAnyoneWaiting } from './controller.js';
import type { Flow } from './flow.js';

export const MODES = ['auto', 'always', 'off'] as const;
export const ROOM_STATES = ['open', 'paused', 'draining', 'closed'] as const;

/** A room and its line, as one statement read them. */
export interface RoomRow {
  readonly event_id: string;
  readonly slug: string;
  readonly sso: 'none' | 'optional' | 'required';
  readonly capacity: number | null;
  readonly confirmed: number;
  readonly room: number;
  readonly mode: (typeof MODES)[number];
  readonly max_active: number;
  readonly max_per_minute: number;
  readonly pass_seconds: number;
  readonly claim_seconds: number;
  readonly opens_at: Date | null;
  readonly message: string | null;
  readonly on_failure: 'hold' | 'close';
  readonly state: (typeof ROOM_STATES)[number];
  readonly version: number;
  readonly issued: number;
  readonly called: number;
  readonly frontier: number;
  readonly present: number;
  readonly rate_per_minute: number | null;
  readonly abandonment: number;
  readonly lobby_state: LobbyState;
  readonly published: string | null;
  readonly published_version: number | null;
  readonly updated_at: Date;
  readonly voids: [first: number, last: number][] | null;
  /** How long those at the front have waited, as it was published. */
  readonly front_seconds?: number | undefined;
}

/** What people see of it. */
export type LobbyState = 'off' | 'open' | 'queueing' | 'paused' | 'closed';

export const ROOM_COLUMNS = `
  b.event_id, e.slug, e.sso, e.lobby_state, e.capacity, e.confirmed, b.room, b.mode, b.max_active, b.max_per_minute, b.pass_seconds,
  b.claim_seconds, b.opens_at, b.message, b.on_failure, b.state, b.version, b.updated_at, l.issued::float8 as issued,
  l.called::float8 as called, l.frontier::float8 as frontier, l.rate_per_minute::float8 as rate_per_minute,
  l.abandonment::float8 as abandonment, l.published, l.published_version, p.present, v.voids`;

/** `b` lobbies, `l` their lines, `e` their events. */
export const ROOM_TABLES = `
  lobbies b join lobby_lines l using (event_id) join events e on e.id = b.event_id
  cross join lateral (select count(*)::float8 as present from lobby_present where event_id = b.event_id) p
  left join lateral (select json_agg(json_build_array(n, n)) as voids from (
    select number as n from lobby_voids k
    where k.event_id = b.event_id and k.number > l.called order by n limit 200) n) v on true`;

/** @param issued where more numbers are out than the room, as it was read, knows of */
export function stateOf(room: RoomRow, nowMs: number, issued = room.issued): LobbyState {
  if (room.mode === 'off') return 'off';
  if (room.state === 'closed') return 'closed';
  if (room.state === 'paused' || (room.opens_at && nowMs < room.opens_at.getTime())) return 'paused';
  const { present, called } = room;
  const isLine = room.mode === 'always' || room.state === 'draining';
  return isLine || isAnyoneWaiting({ present, called, issued }) ? 'queueing' : 'open';
}

export function flowOf(room: RoomRow): Flow {
  const ratePerMinute = room.rate_per_minute ?? room.max_per_minute;
  const { abandonment, front_seconds: frontSeconds } = room;
  return frontSeconds === undefined
    ? { ratePerMinute, abandonment }
    : { ratePerMinute, abandonment, frontSeconds };
}

/** How many stand before a number. Numbers that nobody holds do not count. */
export function aheadOf(number: number, room: Pick<RoomRow, 'called' | 'voids'>): number {
  const between = Math.max(0, number - room.called - 1);
  let unused = 0;
  for (const [first, last] of room.voids ?? [])
    unused += Math.max(0, Math.min(last, number - 1) - Math.max(first, room.called + 1) + 1);
  return Math.max(0, between - unused);
}

/**
 * The same bytes for everyone: nothing in it depends on who asks, or on which replica is asked.
 * @param atMs the database's time
 */
export function statusText(room: RoomRow, atMs: number): string {
  const { ratePerMinute, abandonment, frontSeconds } = flowOf(room);
  const places = placesTold(room);
  return JSON.stringify({
    state: stateOf(room, atMs),
    called: room.called,
    issued: room.issued,
    checkIn: room.frontier,
    voids: room.voids ?? [],
    ratePerMinute: Math.round(ratePerMinute * 10) / 10,
    abandonment: Math.round(abandonment * 1e6) / 1e6,
    ...(frontSeconds === undefined ? {} : { frontSeconds: Math.round(frontSeconds) }),
    ...(places === null ? {} : { placesLeft: places }),
    ...(room.opens_at ? { opensAt: room.opens_at.toISOString() } : {}),
    ...(room.message === null ? {} : { message: room.message }),
    at: new Date(atMs).toISOString(),
  });
}

/**
 * What was published before the room opened, as it is from that moment on: each replica tells it then, the same bytes,
 * and not when the next one is published and read.
 * @param published of this version of the room
 */
export function asOpened(room: RoomRow, published: string, nowMs: number): string {
  const opensMs = room.opens_at?.getTime() ?? Infinity;
  if (nowMs < opensMs) return published;
  const told = JSON.parse(published) as { state: LobbyState; at: string; issued: number; called: number };
  if (Date.parse(told.at) >= opensMs) return published;
  const { issued, called } = told;
  const state = stateOf({ ...room, issued, called, present: 0 }, opensMs);
  return JSON.stringify({ ...told, state, at: new Date(opensMs).toISOString() });
}

/** Null where the status does not say it: nobody keeps that of a lobby that is off up to date. */
export function placesTold(room: Pick<RoomRow, 'mode' | 'capacity' | 'confirmed'>): number | null {
  return room.mode === 'off' ? null : placesLeft(room);
}

/** Until the first status is published each replica has read another line by now; what all know is the room as made. */
export function asMade(room: RoomRow): RoomRow {
  const none = { issued: 0, called: 0, frontier: 0, present: 0, voids: null, rate_per_minute: null };
  return { ...room, ...none, capacity: null };
}

export const NO_ROOM = {
  state: 'off',
  called: 0,
  issued: 0,
  checkIn: 0,
  voids: [],
  ratePerMinute: 0,
  abandonment: 0,
} as const;
