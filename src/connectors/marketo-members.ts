/**
 * Program members. A membership is known by its program and its lead, `<program id>/<lead id>`, which is its key here.
 * A status only goes forward: who is in it or past it is skipped with 1037, and that is what was wanted.
 */
import { unreadable, unconfirmed } from './call-outcome.js';
import type {
  CallOptions,
  FieldValue,
  Outcome,
  OutgoingRecord,
  ReadResult,
  Reason,
  SendResult,
  StoredRecord,
} from './connector.js';
import type { MarketoApi } from './marketo-api.js';
import { canonicalAddress } from './canonical-value.js';
import { errorsIn, type MarketoError, meaningOf } from './marketo-errors.js';
import { type PartResult, sendByKind, sendInParts } from './send-in-parts.js';
import { refusedUnsent } from './unsupported.js';

const KEY = /^(\d{1,12})\/(\d{1,12})$/;
const STATUS = 'statusName';
/** What a status call and a data call say of the program itself, not of one of its members. */
const OF_PROGRAM = new Set(['1013', '1025']);

type Asked = Pick<OutgoingRecord, 'key'>;
type Row = Readonly<Record<string, unknown>>;
type Write = (path: string, body: object, part: readonly OutgoingRecord[]) => Promise<PartResult>;

/** The status first, for it makes the member; then what else there is to say of it. */
export async function sendMembers(
  api: MarketoApi,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<SendResult> {
  const write: Write = (path, body, part) =>
    api.write(
      path,
      body,
      part,
      (result, index) => outcomeOf(result, part[index]!, api.nowMs()),
      options,
      isOfProgram,
    );
  const kindOf = ({ key, fields }: OutgoingRecord): string => {
    if (!KEY.test(key)) return '';
    return `${programOf(key)}/${typeof fields[STATUS] === 'string' ? fields[STATUS] : ''}`;
  };
  const first = await sendByKind(records, kindOf, (kind, some) => {
    if (kind === '') return Promise.resolve(refusedUnsent(some, BAD_KEY));
    const [program, statusName] = split(kind);
    // Without a status to write there is only the rest.
    if (statusName === '') return Promise.resolve(untouched(some));
    const send = (part: readonly OutgoingRecord[]): Promise<PartResult> =>
      write(`programs/${program}/members/status.json`, { statusName, input: part.map(leadOf) }, part);
    return sendInParts(some, send, unconfirmed);
  });
  return sendRest(records, first, write);
}

async function sendRest(
  records: readonly OutgoingRecord[],
  first: SendResult,
  write: Write,
): Promise<SendResult> {
  const places = records.flatMap((record, place) => {
    const isDone = ['written', 'unchanged'].includes(first.outcomes[place]!.kind);
    return isDone && Object.keys(restOf(record)).length > 0 ? [place] : [];
  });
  if (places.length === 0) return first;
  const rest = places.map((place) => records[place]!);
  const second = await sendByKind(
    rest,
    ({ key }) => programOf(key),
    (program, some) => {
      const send = (part: readonly OutgoingRecord[]): Promise<PartResult> =>
        write(
          `programs/${program}/members.json`,
          { input: part.map((record) => ({ ...leadOf(record), ...restOf(record) })) },
          part,
        );
      return sendInParts(some, send, unconfirmed);
    },
  );
  const outcomes = [...first.outcomes];
  places.forEach((place, n) => {
    const [status, more] = [outcomes[place]!, second.outcomes[n]!];
    const isMade = status.kind === 'written' && status.created === true && more.kind === 'written';
    outcomes[place] = isMade ? status : more;
  });
  return { ...second, outcomes };
}

export function removeMembers(
  api: MarketoApi,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<SendResult> {
  const outcome = (result: Row, record: OutgoingRecord): Outcome => {
    const given = outcomeOf(result, record, api.nowMs());
    const isGone = given.kind === 'rejected' && ['1004', '1013'].includes(given.reason.code);
    return isGone ? { kind: 'unchanged', targetId: record.key } : given;
  };
  return sendByKind(
    records,
    ({ key }) => (KEY.test(key) ? programOf(key) : ''),
    (program, some) => {
      if (program === '') return Promise.resolve(refusedUnsent(some, BAD_KEY));
      const send = (part: readonly OutgoingRecord[]): Promise<PartResult> =>
        api.write(
          `programs/${program}/members/delete.json`,
          { input: part.map(leadOf) },
          part,
          (result, index) => outcome(result, part[index]!),
          options,
        );
      return sendInParts(some, send, unconfirmed);
    },
  );
}

export async function readMembers(
  api: MarketoApi,
  records: readonly Asked[],
  fields: readonly string[],
  options: CallOptions,
): Promise<ReadResult> {
  const answers: (StoredRecord | undefined)[] = new Array<undefined>(records.length);
  let failure: ReadResult['failure'];
  let requestId: string | null = null;
  for (const program of new Set(records.flatMap(({ key }) => (KEY.test(key) ? [programOf(key)] : [])))) {
    const places = records.flatMap(({ key }, place) =>
      KEY.test(key) && programOf(key) === program ? [place] : [],
    );
    const query = {
      filterType: 'leadId',
      filterValues: places.map((place) => leadIdOf(records[place]!.key)).join(','),
      fields: [...new Set(['leadId', STATUS, ...fields])].join(','),
    };
    const read = await api.read(`programs/${program}/members.json`, query, options);
    requestId = read.requestId ?? requestId;
    if (read.failure) failure = read.failure;
    else {
      const byLead = new Map(read.rows.map((row) => [String(row.leadId as number), row]));
      for (const place of places) {
        const row = byLead.get(leadIdOf(records[place]!.key));
        answers[place] = row ? { targetId: records[place]!.key, fields: row } : null;
      }
    }
  }
  if (answers.includes(undefined)) failure ??= unconfirmed(200);
  return { records: answers, requestId, ...(failure ? { failure } : {}) };
}

/**
 * Is a member who stands in `stored` where `wanted` asked them to be? They are in it or past it, by the order of the
 * channel's steps; a status that is not among the steps is compared as it is.
 */
export function isReached(steps: readonly string[], wanted: FieldValue, stored: FieldValue): boolean {
  const [from, to] = [wanted, stored].map((status) =>
    steps.findIndex((step) => canonicalAddress(step) === status),
  );
  return from! >= 0 && to! >= from!;
}

function outcomeOf({ leadId, status, reasons }: Row, record: OutgoingRecord, nowMs: number): Outcome {
  // In the place of this member it tells of another.
  const names = typeof leadId === 'number' || typeof leadId === 'string' ? String(leadId) : null;
  if (names !== null && names !== leadIdOf(record.key)) return unreadable(200);
  const errors = errorsIn(reasons);
  if (status === 'skipped' && errors[0]?.code === '1037') return { kind: 'unchanged', targetId: record.key };
  if (status === 'skipped' && errors.length > 0) return meaningOf(errors, [record], nowMs);
  if (status !== 'created' && status !== 'updated' && status !== 'deleted') return unreadable(200);
  return { kind: 'written', targetId: record.key, created: status === 'created' };
}

const isOfProgram = ({ code, message }: MarketoError): boolean =>
  OF_PROGRAM.has(code) || message.includes(STATUS);

const BAD_KEY: Reason = {
  code: 'bad-key',
  message:
    "The key of a program member is its program's id, a stroke and its lead's id: correct the mapping.",
  owner: 'mapping',
};

const untouched = (records: readonly OutgoingRecord[]): SendResult => ({
  outcomes: records.map(({ key }) => ({ kind: 'unchanged', targetId: key })),
  requestId: null,
  status: null,
});

function split(kind: string): [string, string] {
  const at = kind.indexOf('/');
  return [kind.slice(0, at), kind.slice(at + 1)];
}

const programOf = (key: string): string => split(key)[0];
const leadIdOf = (key: string): string => split(key)[1];
const leadOf = ({ key }: OutgoingRecord): object => ({ leadId: Number(leadIdOf(key)) });

function restOf({ fields }: OutgoingRecord): OutgoingRecord['fields'] {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== STATUS));
}
