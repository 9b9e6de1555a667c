import { type Answer, type Call, decoded } from '../call.js';
import type { MakeVendor } from '../twin.js';
import type { Part } from '../vendor.js';
import { batchArchive, batchCreate, batchRead, batchUpdate } from './batches.js';
import { batchUpsert } from './batch-upsert.js';
import {
  error,
  expired,
  missingScopes,
  notFound,
  refusal,
  secondlyThrottle,
  unauthorised,
} from './errors.js';
import { MarketingEvents } from './marketing-events.js';
import { OAuth } from './oauth.js';
import type { ObjectType } from './object-types.js';
import { archiveObject, createObject, listObjects, readObject, updateObject } from './objects.js';
import { partsOf } from './parts.js';
import { Portal } from './portal.js';
import { createProperty, listProperties, readProperty } from './property-routes.js';
import { RateLimits } from './rate-limits.js';
import { searchObjects } from './search.js';
import { type HubspotSettings, hubspotSettings } from './settings.js';

const OBJECTS = /^\/crm\/(?:v3\/objects|objects\/\d{4}-\d{2})\/([^/]+)(?:\/(batch)\/([^/]+)|\/([^/]+))?\/?$/;
const PROPERTIES = /^\/crm\/(?:v3\/properties|properties\/\d{4}-\d{2})\/([^/]+)(?:\/([^/]+))?\/?$/;
/** Objects that HubSpot has and whose scopes this app was not granted. */
const UNGRANTED = [
  'deals',
  'tickets',
  'users',
  'products',
  'quotes',
  'line_items',
  'calls',
  'meetings',
  'notes',
  'tasks',
];

type Environment = Record<string, string | undefined>;

/** The HubSpot twin: one portal, one private app. */
export function hubspot(env: Environment = {}, overrides: Partial<HubspotSettings> = {}): MakeVendor {
  const settings = { ...hubspotSettings(env), ...overrides };
  return (store, url) => {
    const portal = new Portal(store);
    const limits = new RateLimits(settings);
    const oauth = new OAuth(settings);
    const events = new MarketingEvents(portal);
    const withHeaders = (call: Call, answer: Answer): Answer => ({
      ...answer,
      headers: { ...answer.headers, ...limits.headers(call.at, isSearch(call)) },
    });
    return {
      name: 'hubspot',
      store,
      answer: (call) => {
        if (call.path === '/oauth/v1/token' && call.method === 'POST') return oauth.issue(call);
        const refused = authorise(call, settings, oauth) ?? limits.admit(call.at, isSearch(call));
        return withHeaders(call, refused ?? events.answer(call) ?? route(portal, call, url(), settings));
      },
      refusal: (call, status) => withHeaders(call, refusal(status)),
      throttling: (call) => withHeaders(call, secondlyThrottle()),
      parts: (call): Part[] => [...events.parts(call), ...partsOf(portal, call, objectsPath(call))],
      control: (method, path) =>
        method === 'DELETE' && path === '/tokens' ? { revoked: oauth.revoke() } : undefined,
      newRecord: (object, fields, at) => portal.byHand(object, fields, at),
      merge: (object, loser, winner, at) => portal.merge(portal.type(object), loser, winner, at),
      enforceLimits: (isOn) => {
        limits.isOn = isOn;
      },
      areLimitsOn: () => limits.isOn,
      empty: () => store.empty(),
    };
  };
}

function route(portal: Portal, call: Call, baseUrl: string, settings: HubspotSettings): Answer {
  const properties = PROPERTIES.exec(call.path);
  if (properties !== null) return routeProperties(portal, call, properties[1]!, properties[2]);
  const objects = objectsPath(call);
  if (objects === undefined) return notFound();
  const type = portal.type(objects.type);
  if (type === undefined) return unknownType(objects.type);
  if (call.method !== 'GET' && call.method !== 'DELETE' && !isJson(call))
    return error(415, 'Unsupported Media Type');
  if (objects.batch !== undefined) return routeBatch(portal, type, call, objects.batch);
  return routeObject(portal, type, call, objects.id, { baseUrl, searchLagMs: settings.searchLagMs });
}

function routeProperties(portal: Portal, call: Call, typeName: string, name: string | undefined): Answer {
  const type = portal.type(typeName);
  if (type === undefined) return unknownType(typeName);
  if (call.method === 'GET')
    return name === undefined ? listProperties(type) : readProperty(type, decoded(name));
  if (call.method === 'POST' && name === undefined) return createProperty(portal, type, call);
  return notAllowed();
}

function routeBatch(portal: Portal, type: ObjectType, call: Call, verb: string): Answer {
  const verbs: Record<string, (portal: Portal, type: ObjectType, call: Call) => Answer> = {
    upsert: batchUpsert,
    create: batchCreate,
    read: batchRead,
    update: batchUpdate,
    archive: batchArchive,
  };
  const answer = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (answer === undefined) return notFound();
  return call.method === 'POST' ? answer(portal, type, call) : notAllowed();
}

interface ObjectContext {
  baseUrl: string;
  searchLagMs: number;
}

function routeObject(
  portal: Portal,
  type: ObjectType,
  call: Call,
  id: string | undefined,
  context: ObjectContext,
): Answer {
  if (id === undefined) {
    if (call.method === 'GET') return listObjects(portal, type, call, context.baseUrl);
    return call.method === 'POST' ? createObject(portal, type, call) : notAllowed();
  }
  if (id === 'search' && call.method === 'POST')
    return searchObjects(portal, type, call, context.searchLagMs);
  if (call.method === 'GET') return readObject(portal, type, call, decoded(id));
  if (call.method === 'PATCH') return updateObject(portal, type, call, decoded(id));
  return call.method === 'DELETE' ? archiveObject(portal, type, call, decoded(id)) : notAllowed();
}

export interface ObjectsPath {
  type: string;
  batch: string | undefined;
  id: string | undefined;
}

function objectsPath(call: Call): ObjectsPath | undefined {
  const found = OBJECTS.exec(call.path);
  return found === null ? undefined : { type: found[1]!, batch: found[3], id: found[4] };
}

function authorise(call: Call, { token, scopelessToken }: HubspotSettings, oauth: OAuth): Answer | undefined {
  const [scheme = '', given = ''] = (call.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer') return unauthorised();
  if (given === token) return undefined;
  const state = oauth.state(given, call.at);
  if (state === 'good') return undefined;
  if (state === 'expired') return expired();
  if (given !== scopelessToken) return unauthorised();
  const properties = PROPERTIES.exec(call.path);
  return properties === null ? ungranted() : ungrantedProperties(properties[1]!);
}

function ungranted(): Answer {
  return missingScopes(
    ['crm.objects.custom.read', 'crm.objects.custom.write'],
    [
      'crm.objects.contacts.read',
      'crm.objects.contacts.write',
      'crm.objects.companies.read',
      'crm.objects.companies.write',
    ],
  );
}

function ungrantedProperties(typeName: string): Answer {
  const plural = typeName.toLowerCase();
  const singular = plural === 'companies' ? 'COMPANY' : plural.replace(/s$/, '').toUpperCase();
  return error(
    403,
    `You do not have permissions to view object type ObjectTypeId{legacyObjectType=${singular}} in portal 1 (requires one of [${plural}-read])`,
  );
}

function unknownType(name: string): Answer {
  if (UNGRANTED.includes(name.toLowerCase())) return ungranted();
  return error(400, `Unable to infer object type from: ${decoded(name)}`, 'VALIDATION_ERROR');
}

function notAllowed(): Answer {
  return error(405, 'HTTP 405 Method Not Allowed');
}

function isSearch(call: Call): boolean {
  return call.path.endsWith('/search');
}

function isJson(call: Call): boolean {
  return (call.headers['content-type'] ?? '').toLowerCase().includes('json');
}
