import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Json, objectAt, type Platform, type Reading, textAt } from './platform.js';

const SKEW_MAX_MS = 5 * 60_000;

/**
 * Zoom's webhooks. `object.id` is a number in some kinds and a text in others, `registrant_id` is there where the
 * webinar asks people to register, and an e-mail may be empty.
 * https://developers.zoom.us/docs/api/webhooks/
 */
export const zoom: Platform = {
  name: 'zoom',

  isSigned(headers, body, secret, now) {
    const [signature, timestamp] = [headers['x-zm-signature'], headers['x-zm-request-timestamp']];
    if (typeof signature !== 'string' || typeof timestamp !== 'string') return false;
    const sentMs = Number(timestamp) * (timestamp.length > 11 ? 1 : 1000);
    if (!(Math.abs(now.getTime() - sentMs) <= SKEW_MAX_MS)) return false;
    const right = Buffer.from(`v0=${hmac(secret, `v0:${timestamp}:`, body)}`);
    const given = Buffer.from(signature);
    return given.length === right.length && timingSafeEqual(given, right);
  },

  kindOf: (hook) => textAt(hook, 'event'),

  challenge(hook, secret) {
    if (textAt(hook, 'event') !== 'endpoint.url_validation') return null;
    const plainToken = textAt(objectAt(hook, 'payload'), 'plainToken');
    return { plainToken, encryptedToken: hmac(secret, plainToken) };
  },

  read(hook) {
    const reader = READERS[textAt(hook, 'event')];
    if (!reader) return null;
    const webinar = objectAt(hook, 'payload', 'object');
    const place = textAt(webinar, 'id') || textAt(webinar, 'webinar_id') || null;
    return { place, signals: [], acquaintances: [], ...reader(webinar, hook) };
  },
};

type Reader = (webinar: Json, hook: Json) => Partial<Reading>;

const READERS: Readonly<Record<string, Reader>> = {
  'webinar.participant_joined': (webinar) => presence('joined', 'join_time', webinar),
  'webinar.participant_left': (webinar) => presence('left', 'leave_time', webinar),
  'webinar.registration_created': registrant,
  'webinar.registration_approved': registrant,
  'webinar.chat_message_sent': (webinar) => {
    const message = objectAt(webinar, 'chat_message');
    return said('chatted', message, `chat/${textAt(message, 'message_id')}`, {});
  },
  'webinar.chat_message_file_sent': (webinar) => {
    const file = objectAt(webinar, 'chat_message_file');
    return said('shared', file, `file/${textAt(file, 'message_id')}/${textAt(file, 'file_id')}`, {
      file: textAt(file, 'file_name'),
    });
  },
  'webinar.chat_message_file_downloaded': (webinar, hook) => {
    const file = objectAt(webinar, 'chat_message_file');
    const email = textAt(objectAt(hook, 'payload'), 'operator');
    const at = timeOf(hook.event_ts);
    const sourceId = `download/${textAt(webinar, 'uuid')}/${textAt(file, 'file_id')}/${email}/${at}`;
    return { signals: [signal('downloaded', sourceId, { email }, at, { file: textAt(file, 'file_name') })] };
  },
  'webinar.participant_feedback': (webinar, hook) => {
    const participant = objectAt(webinar, 'participant');
    const { satisfied } = objectAt(participant, 'feedback');
    const connection = textAt(participant, 'participant_uuid');
    const at = timeOf(hook.event_ts);
    const sourceId = `feedback/${textAt(webinar, 'uuid')}/${connection}/${at}`;
    return {
      signals: [signal('rated', sourceId, personOf(participant), at, { satisfied: satisfied === true })],
    };
  },
};

function presence(type: 'joined' | 'left', time: string, webinar: Json): Partial<Reading> {
  const participant = objectAt(webinar, 'participant');
  const connection = textAt(participant, 'participant_uuid') || textAt(participant, 'user_id');
  const at = textAt(participant, time);
  const sourceId = `${type}/${textAt(webinar, 'uuid')}/${connection}/${at}`;
  return { signals: [signal(type, sourceId, personOf(participant), at, { connection })] };
}

function registrant(webinar: Json): Partial<Reading> {
  const { externalId, email } = personOf({ ...objectAt(webinar, 'registrant') });
  return externalId && email ? { acquaintances: [{ externalId, email }] } : {};
}

function said(type: string, message: Json, sourceId: string, data: Json): Partial<Reading> {
  const email = textAt(message, 'sender_email');
  return { signals: [signal(type, sourceId, { email }, textAt(message, 'date_time'), data)] };
}

function signal(
  type: string,
  sourceId: string,
  person: Json,
  at: string,
  data: Json,
): Record<string, unknown> {
  const known = Object.fromEntries(Object.entries(person).filter(([, value]) => value !== ''));
  return { source: 'zoom', sourceId, type, person: known, at, data };
}

/** The id of their registration at Zoom where there is one, else their account's there. */
function personOf(participant: Json): { externalId?: string; email?: string } {
  const externalId =
    textAt(participant, 'registrant_id') ||
    textAt(participant, 'participant_user_id') ||
    textAt(participant, 'id');
  const email = textAt(participant, 'email');
  return { ...(externalId === '' ? {} : { externalId }), ...(email === '' ? {} : { email }) };
}

function timeOf(milliseconds: unknown): string {
  const at = new Date(typeof milliseconds === 'number' ? milliseconds : Number.NaN);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}

function hmac(secret: string, ...parts: (string | Buffer)[]): string {
  const mac = createHmac('sha256', secret);
  for (const part of parts) mac.update(part);
  return mac.digest('hex');
}
