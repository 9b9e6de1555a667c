/** What config/destinations.yaml may say of a backend that is declared: every setting, its kind and what it is for. */
import { isTimeZone } from 'class-validator';
import type { DestinationSettings } from '../platform/config/destinations.js';
import { SettingsFaults } from '../platform/config/settings-faults.js';
import { restAuth } from './rest-auth-declaration.js';
import { checkDescribe, describe } from './rest-describe-declaration.js';
import { allowance, checkPaging, find, list, METHODS, OF_ANSWER } from './rest-listing-declaration.js';
import { DestinationSettingsError } from './settings.js';
import {
  amount,
  body,
  expression,
  flag,
  headers,
  listOf,
  mapOf,
  oneOf,
  optional,
  orEmpty,
  Place,
  type Schema,
  shape,
  text,
  url,
  type ValueOf,
  whole,
} from './shape.js';

/** What templates of one record read. */
const OF_RECORD = ['record', 'key', 'targetId', 'traceId', 'values', 'object'];
/** What templates of a call read that carries many. */
const OF_CALL = ['records', 'keys', 'targetIds', 'values', 'object'];
const EITHER = [...new Set([...OF_RECORD, ...OF_CALL])];
const BATCH_MAX = 10_000;
const DAY = /^(rolling|UTC|[A-Z]\w+(\/[\w+-]+)+)$/;

const whoIsWho = shape(
  'Which record a result is about, by two expressions that give the same. Left out: the results stand in the order of the records.',
  {
    result: expression('Of the result.', OF_ANSWER),
    record: expression('Of the record.', OF_RECORD),
  },
);

export const KINDS = [
  'written',
  'unchanged',
  'retry',
  'throttled',
  'rejected',
  'unauthorised',
  'unanswered',
] as const;

const outcomes = listOf(
  'What an answer means, or one of its results: the first line that holds decides. After them HTTP’s own meaning: 401 and 403 unauthorised, 408, 425 and 5xx retry, 429 throttled, 502 and 504 unanswered, other 4xx rejected. Retry-After is honoured.',
  shape('One meaning.', {
    when: expression('Where this holds.', OF_ANSWER),
    is: oneOf('The outcome.', KINDS),
    code: optional(text('A stable name for it, such as invalid-email.', /^[\w.-]{1,60}$/), null),
    message: optional(text('One plain sentence: what it means and what to do.'), null),
    owner: optional(oneOf('Who can put it right.', ['data', 'mapping', 'backend', 'quota']), null),
    field: optional(expression('The field it is about.', OF_ANSWER), null),
    afterMs: optional(
      whole('How long to wait, in milliseconds, where the answer does not say.', 0, 86_400_000),
      null,
    ),
  }),
);

const told = {
  id: optional(expression('The backend’s id of the record.', OF_ANSWER), null),
  code: optional(expression('The backend’s code of a refusal.', OF_ANSWER), null),
  message: optional(
    expression('The backend’s words for a refusal; values of persons and secrets are taken out.', OF_ANSWER),
    null,
  ),
  field: optional(expression('The field that a refusal is about.', OF_ANSWER), null),
};

const write = shape('How records are written.', {
  method: optional(oneOf('The HTTP method.', METHODS), 'POST' as const),
  url: url('The path below baseUrl.', EITHER),
  headers: orEmpty(headers('Headers of this call.', EITHER)),
  batch: optional(
    shape('Several records a call; left out: one.', {
      max: whole('Most records in a call.', 1, BATCH_MAX),
      as: optional(
        oneOf('array: `records` in the body; ndjson: one line a record.', ['array', 'ndjson']),
        'array' as const,
      ),
    }),
    null,
  ),
  record: optional(
    body('One record of a batch; left out: its fields, with the key under its own name.', OF_RECORD),
    null,
  ),
  body: optional(body('The body; left out: the record, or the list of the records.', EITHER), null),
  idempotencyHeader: optional(
    text(
      'Header in which every try of one write carries the same value; one record a call only.',
      /^[\w-]+$/,
    ),
    null,
  ),
  whole: optional(flag('Whether a write needs all fields, not only those that differ.'), false),
  done: optional(expression('Whether the call as a whole was done; left out: status 2xx.', OF_ANSWER), null),
  results: optional(
    listOf(
      'Where the results of the records stand; several lists are taken as one.',
      expression('A list.', OF_ANSWER),
    ),
    null,
  ),
  of: optional(whoIsWho, null),
  written: optional(expression('Whether a result says that its record was written.', OF_ANSWER), null),
  created: optional(expression('Whether it was created.', OF_ANSWER), null),
  ...told,
});

const read = shape('How records are read back. Left out: they are not, and their deliveries end in `sent`.', {
  method: optional(oneOf('The HTTP method.', METHODS), 'GET' as const),
  url: url('The path below baseUrl.', EITHER),
  headers: orEmpty(headers('Headers of this call.', EITHER)),
  max: optional(whole('Most records in a call.', 1, BATCH_MAX), 1),
  body: optional(body('The body, where the call has one.', EITHER), null),
  results: optional(
    listOf('Where the records stand, where a call reads several.', expression('A list.', OF_ANSWER)),
    null,
  ),
  of: optional(whoIsWho, null),
  id: expression('The backend’s id; a record without one was not read.', OF_ANSWER),
  missing: optional(
    expression(
      'Whether the answer says that nothing stands there; of several, for each that is not among the results.',
      OF_ANSWER,
    ),
    null,
  ),
  fields: orEmpty(
    mapOf(
      'Where a field stands; left out: under its own name in the result.',
      expression('A field.', OF_ANSWER),
    ),
  ),
});

const remove = shape('How one record is removed. Left out: this backend keeps everything.', {
  method: optional(oneOf('The HTTP method.', METHODS), 'DELETE' as const),
  url: url('The path below baseUrl.', OF_RECORD),
  headers: orEmpty(headers('Headers of this call.', OF_RECORD)),
  body: optional(body('The body, where the call has one.', OF_RECORD), null),
  done: optional(expression('Whether it was done; left out: status 2xx.', OF_ANSWER), null),
  missing: optional(expression('Whether it was not there to begin with.', OF_ANSWER), null),
});

const object = shape('One object of the backend.', {
  operation: optional(
    oneOf('What a mapping may ask for.', ['upsert', 'create', 'update', 'append']),
    'upsert' as const,
  ),
  write,
  read: optional(read, null),
  remove: optional(remove, null),
  list: optional(list, null),
  find: optional(find, null),
  describe: optional(describe, null),
  outcomes: optional(outcomes, []),
  compare: orEmpty(
    mapOf(
      'How a field is compared with what is read back; left out: exact.',
      oneOf(
        'text: trimmed, empty is none; lower: the same in small letters; number, boolean, time: by value.',
        ['exact', 'text', 'lower', 'number', 'boolean', 'time'],
      ),
    ),
  ),
});

const rest = shape('A REST backend, wholly declared.', {
  baseUrl: text('Where all its paths begin.', /^https?:\/\/[^\s?#]+$/, 'a URL that begins with https://'),
  auth: optional(restAuth, { kind: 'none' } as const),
  values: orEmpty(
    mapOf('Settings that templates and expressions read as values.NAME. No secrets.', text('A text.')),
  ),
  headers: orEmpty(headers('Headers of every call.', ['values', 'object'])),
  objects: mapOf('The objects that mappings write, by name.', object),
  outcomes: optional(outcomes, []),
  probe: optional(
    shape('What `foyer doctor` and readiness ask; left out: baseUrl itself.', {
      url: url('The path below baseUrl.', ['values']),
      done: optional(expression('Whether all is well; left out: status 2xx.', OF_ANSWER), null),
    }),
    null,
  ),
  allowance: optional(allowance, null),
  callTimeoutMs: optional(whole('When a call is given up, in milliseconds.', 100, 300_000), 30_000),
  callsPerSecond: optional(amount('Calls a second.', 0.1, 100_000), null),
  callsPerDay: optional(whole('Calls a day.', 1, 1_000_000_000), null),
  day: optional(
    text(
      'When callsPerDay is renewed: at midnight in this time zone, or, where it says rolling, each call 24 hours later.',
      DAY,
      'a time zone such as Europe/Berlin, or rolling',
    ),
    'UTC',
  ),
  concurrency: optional(whole('Calls under way at once.', 1, 1_000), null),
  window: optional(
    shape('So many calls in any window of so many milliseconds.', {
      calls: whole('Calls.', 1, 1_000_000),
      ms: whole('Milliseconds.', 1, 86_400_000),
    }),
    null,
  ),
});

export type RestDeclaration = ValueOf<typeof rest>;
export type RestObject = ValueOf<typeof object>;
export type RestWrite = RestObject['write'];
export type RestRead = NonNullable<RestObject['read']>;
export type RestRemove = NonNullable<RestObject['remove']>;
export type RestList = NonNullable<RestObject['list']>;
export type RestFind = NonNullable<RestObject['find']>;
export type RestAllowance = ValueOf<typeof allowance>;
export type RestOutcomes = ValueOf<typeof outcomes>;

export const restSchema: Schema = rest.schema;

/** @throws DestinationSettingsError naming every fault with its place */
export function readRest(destination: DestinationSettings): RestDeclaration {
  const faults = new SettingsFaults(destination);
  const place = new Place(faults, []);
  const declaration = rest.read(destination.settings, place);
  if (declaration && faults.found.length === 0) checkTogether(declaration, place);
  if (!declaration || faults.found.length > 0)
    throw new DestinationSettingsError(destination.name, faults.found);
  return declaration;
}

/** What only several parts together can get wrong. */
function checkTogether(declaration: RestDeclaration, all: Place): void {
  const { day } = declaration;
  if (day !== 'rolling' && !isTimeZone(day)) all.at('day').note('must be a time zone, or rolling');
  const objects = all.at('objects');
  for (const [name, { write, read, list: pages, describe: fields }] of Object.entries(declaration.objects)) {
    checkWrite(write, objects.at(name).at('write'));
    if (fields) checkDescribe(fields, objects.at(name).at('describe'));
    if (pages) checkPaging(pages, objects.at(name).at('list'));
    if (!read) continue;
    const place = objects.at(name).at('read');
    checkNames(read.max > 1 ? OF_CALL : OF_RECORD, read, place);
    if (read.max > 1 && (!read.results || !read.of || !read.missing))
      place.note(
        'reads several records a call: it needs results, of, and missing: what is not among the results may stand on another page',
      );
  }
}

function checkWrite(write: RestWrite, place: Place): void {
  const { batch } = write;
  checkNames(batch ? OF_CALL : OF_RECORD, write, place);
  if (!batch && write.record)
    place.at('record').note('belongs to a batch: with one record a call write body');
  if (batch?.as === 'ndjson' && write.body) place.at('body').note('has no place in ndjson: write record');
  if (batch && !write.results && !write.done)
    place.note(
      'needs results, or done where all records of a call stand or fall together: a status alone proves no write',
    );
  if (!batch && !write.done && !write.id) place.note('needs done or id: a status alone proves no write');
  if (batch && write.idempotencyHeader)
    place.at('idempotencyHeader').note('needs one record a call: a batch is not made up the same way twice');
}

/** A URL that reads one record's key has no meaning for a call that carries many. */
function checkNames(
  allowed: readonly string[],
  { url: path, headers: given, body: content }: Pick<RestWrite | RestRead, 'url' | 'headers' | 'body'>,
  place: Place,
): void {
  const parts = [
    ['url', path],
    ['body', content],
    ...Object.values(given).map((header) => ['headers', header] as const),
  ] as const;
  for (const [name, template] of parts) {
    const strangers = [...(template?.names ?? [])].filter((read) => !allowed.includes(read));
    if (strangers.length > 0)
      place.at(name).note(`reads ${strangers.join(', ')}, and this call has only ${allowed.join(', ')}`);
  }
}
