import { uuidv7 } from 'uuidv7';
import { readBadgeCode } from '../identity/badge-code.js';
import { Problem } from '../platform/http/problem.js';
import { textFaults } from '../platform/http/text-guard.js';
import { demandValid } from '../platform/http/validation.js';
import { emailKey } from '../registrations/email-key.js';
import { SignalDto, type SignalPersonDto } from './signal.dto.js';

const DATA_CHARACTERS_MAX = 16 * 1024;
const CONNECTION_CHARACTERS_MAX = 200;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A signal that can be kept. */
export interface Signal {
  readonly id: string;
  readonly eventId: string;
  readonly source: string;
  readonly sourceId: string;
  readonly type: string;
  readonly registrationId: string | null;
  /** Of a badge: it counts only while the registration has not been transferred. */
  readonly generation: number | null;
  readonly externalId: string | null;
  readonly emailKey: string | null;
  readonly sessionId: string | null;
  readonly connection: string;
  readonly onDemand: boolean;
  readonly at: Date;
  readonly until: Date | null;
  readonly data: string | null;
}

/** Why a signal cannot be kept: a stable code, and a sentence that names the place and no value. */
export class SignalRefused extends Error {
  constructor(
    readonly code: string,
    readonly detail: string,
  ) {
    super(detail);
  }
}

/**
 * Reads what a platform told.
 * @param sessions ids by code
 * @throws SignalRefused
 */
export function readSignal(
  value: unknown,
  { id: eventId, sessions }: { readonly id: string; readonly sessions: ReadonlyMap<string, string> },
): Signal {
  const dto = demandSignal(value);
  const at = new Date(dto.at);
  const until = typeof dto.until === 'string' ? new Date(dto.until) : null;
  if (until && until < at) throw new SignalRefused('order-of-times', '/until must not be before at.');
  const data = dto.data && JSON.stringify(dto.data);
  if (data && data.length > DATA_CHARACTERS_MAX)
    throw new SignalRefused('too-long', `/data must have at most ${DATA_CHARACTERS_MAX} characters.`);
  return {
    id: uuidv7(),
    eventId,
    source: dto.source,
    sourceId: dto.sourceId,
    type: dto.type,
    ...referenceOf(dto.person),
    sessionId: sessionOf(dto.session, sessions),
    connection: connectionOf(dto.data),
    onDemand: dto.type === 'watched' && dto.data?.live !== true,
    at,
    until,
    data: data ?? null,
  };
}

function demandSignal(value: unknown): SignalDto {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SignalRefused('malformed', 'A signal must be an object.');
  const [fault] = textFaults(value);
  if (fault) throw new SignalRefused(fault.code, `${fault.pointer} ${fault.message}`);
  try {
    return demandValid(SignalDto, value, '');
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const first = error.extras.errors![0]!;
    throw new SignalRefused(first.code, `${first.pointer} ${first.message}`);
  }
}

type Reference = Pick<Signal, 'registrationId' | 'generation' | 'externalId' | 'emailKey'>;

/** By the first that is given; an e-mail beside an external id teaches whose that id is. */
function referenceOf({ registration, badge, externalId, email }: SignalPersonDto): Reference {
  const none: Reference = { registrationId: null, generation: null, externalId: null, emailKey: null };
  if (registration !== undefined) {
    if (!UUID.test(registration)) throw new SignalRefused('no-id', '/person/registration is no id.');
    return { ...none, registrationId: registration.toLowerCase() };
  }
  if (badge !== undefined) {
    const read = readBadgeCode(badge);
    if (!read) throw new SignalRefused('no-badge', '/person/badge is no code of a badge of ours.');
    return { ...none, ...read };
  }
  if (externalId === undefined && email === undefined)
    throw new SignalRefused('nobody', '/person must have a registration, badge, externalId or email.');
  return { ...none, externalId: externalId ?? null, emailKey: email === undefined ? null : emailKey(email) };
}

function sessionOf(session: string | null | undefined, sessions: ReadonlyMap<string, string>): string | null {
  if (session === undefined || session === null) return null;
  const id = sessions.get(session) ?? [...sessions.values()].find((known) => known === session);
  if (id === undefined) throw new SignalRefused('unknown-session', '/session is no session of this event.');
  return id;
}

function connectionOf(data: Record<string, unknown> | undefined): string {
  const connection = data?.connection;
  return typeof connection === 'string' ? connection.slice(0, CONNECTION_CHARACTERS_MAX) : '';
}
