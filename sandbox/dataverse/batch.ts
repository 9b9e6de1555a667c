import { randomUUID } from 'node:crypto';
import type { Answer, Call, Note } from '../call.js';
import type { Store } from '../store/store.js';
import { failure, refusable, unknown } from './errors.js';
import { boundaryOf, headersOf, type Part, partsOf } from './multipart.js';
import { preferencesOf } from './preferences.js';

const OPERATIONS_MAX = 1000;
const STATUS_WORDS: Record<number, string> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  412: 'Precondition Failed',
  429: 'Too Many Requests',
};

/** One operation, or a change set of several that stand or fall together. */
export interface Step {
  operations: Operation[];
  isChangeSet: boolean;
}

export interface Operation {
  contentId: string | undefined;
  call: Call;
}

interface Answered {
  contentId: string | undefined;
  answer: Answer;
}

/** Reads `$batch`; throws what Dataverse says of a body that it cannot take. */
export function stepsOf(call: Call): Step[] {
  const boundary = boundaryOf(call.headers['content-type'] ?? '');
  if (boundary === undefined)
    throw unknown(400, 'The content type of a batch must be multipart/mixed with a boundary.');
  const parts = partsOf(call.body.toString('utf8'), boundary);
  if (parts === undefined)
    throw unknown(400, 'Stream was not readable: the batch does not end with its boundary.');
  return parts.map((part) => {
    const inner = boundaryOf(part.headers['content-type'] ?? '');
    if (inner === undefined) return { operations: [operationOf(call, part)], isChangeSet: false };
    const changes = partsOf(part.content, inner);
    if (changes === undefined) throw unknown(400, 'Stream was not readable: a change set is not closed.');
    const operations = changes.map((change) => operationOf(call, change));
    if (operations.some(({ contentId }) => contentId === undefined))
      throw unknown(400, 'Content-ID header not present in a change set: each operation of it needs one.');
    if (operations.some((each) => each.call.method === 'GET'))
      throw unknown(400, 'A change set must not contain GET requests.');
    return { operations, isChangeSet: true };
  });
}

/** Answers every operation in order; without continue-on-error the first failure ends the batch. */
export function answerBatch(call: Call, store: Store, answerOne: (inner: Call) => Answer): Answer {
  const steps = stepsOf(call);
  const count = steps.reduce((sum, { operations }) => sum + operations.length, 0);
  if (count > OPERATIONS_MAX)
    return failure(
      400,
      '0x80060888',
      `The number of operations exceeded the limit of ${OPERATIONS_MAX} for one batch.`,
    );
  const { isContinueOnError } = preferencesOf(call);
  const name = `batchresponse_${randomUUID()}`;
  const pieces: string[] = [];
  let status = 200;
  for (const step of steps) {
    const answers = step.isChangeSet ? changeSet(call, step, store, answerOne) : [single(step, answerOne)];
    const failed = answers.find(({ answer }) => answer.status >= 400);
    pieces.push(
      step.isChangeSet && failed === undefined ? wrapped(name, answers) : piece(name, failed ?? answers[0]!),
    );
    if (failed === undefined || isContinueOnError) continue;
    status = failed.answer.status;
    break;
  }
  const body = `${pieces.join('')}--${name}--\r\n`;
  return {
    status,
    headers: { 'Content-Type': `multipart/mixed; boundary=${name}`, 'OData-Version': '4.0' },
    body,
  };
}

function single({ operations }: Step, answerOne: (inner: Call) => Answer): Answered {
  const [{ contentId, call }] = operations as [Operation];
  return { contentId, answer: answerOne(call) };
}

/** All or nothing; `$1` stands for what the operation with Content-ID 1 made. */
function changeSet(call: Call, step: Step, store: Store, answerOne: (inner: Call) => Answer): Answered[] {
  const made = new Map<string, string>();
  const before = call.notes.length;
  let answers: Answered[] = [];
  store.transaction(() => {
    for (const { contentId, call: inner } of step.operations) {
      const answer = refusable(() => answerOne(withReferences(inner, made)));
      if (answer.status >= 400) {
        answers = [{ contentId, answer }];
        return false;
      }
      answers.push({ contentId, answer });
      const uri = answer.headers['OData-EntityId'];
      if (contentId !== undefined && uri !== undefined) made.set(contentId, uri);
    }
    return true;
  });
  const failed = answers[0]?.answer;
  if (failed !== undefined && failed.status >= 400) undoNotes(call, before, step, failed);
  return answers;
}

/** What was written and then undone was refused, as far as anybody can see. */
function undoNotes(call: Call, before: number, { operations }: Step, { body }: Answer): void {
  const undone = call.notes.splice(before);
  const refused = operations.slice(undone.length).map(({ call: inner }): Note => {
    const object = /([\w]+)(?:\(|$)/.exec(inner.path)?.[1] ?? 'unknown';
    return {
      object,
      key: null,
      id: null,
      outcome: 'rejected',
      request: inner.body.toString('utf8'),
      response: body,
    };
  });
  call.notes.push(
    ...undone.map((note): Note => ({ ...note, id: null, outcome: 'rejected', response: body })),
    ...refused,
  );
}

function operationOf(call: Call, { headers, content }: Part): Operation {
  const gap = /\r?\n\r?\n/.exec(content);
  const head = (gap === null ? content : content.slice(0, gap.index)).replace(/^(\r?\n)+/, '');
  const [first = '', ...lines] = head.split(/\r?\n/);
  const request = /^([A-Z]+)\s+(\S.*?)\s+HTTP\/1\.1\s*$/.exec(first);
  if (request === null)
    throw unknown(400, `The request line '${first.slice(0, 100)}' of an operation is wrong.`);
  const target = targetOf(request[2]!);
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const body = gap === null ? '' : content.slice(gap.index + gap[0].length);
  const inner: Call = {
    ...call,
    method: request[1]!,
    path,
    target,
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: headersOf(lines),
    body: Buffer.from(body.trim()),
    notes: call.notes,
  };
  return { contentId: headers['content-id'], call: inner };
}

/** An address may be whole, from the root, or relative to the API. */
function targetOf(url: string): string {
  if (url.startsWith('/') || url.startsWith('$')) return url;
  const whole = /^https?:\/\/[^/]+(\/.*)$/i.exec(url);
  return whole === null ? `/api/data/v9.2/${url}` : whole[1]!;
}

function withReferences(call: Call, made: ReadonlyMap<string, string>): Call {
  const resolve = (id: string) => {
    const uri = made.get(id);
    if (uri === undefined)
      throw unknown(400, `Content-ID Reference: '$${id}' does not exist in the batch context.`);
    return uri;
  };
  const path = /^\$(\w+)(.*)$/.exec(call.path);
  const text = call.body.toString('utf8');
  const body = text.includes('"$')
    ? text.replace(
        /(@odata\.bind"\s*:\s*)"\$(\w+)"/g,
        (_, name: string, id: string) => `${name}"${resolve(id)}"`,
      )
    : text;
  return {
    ...call,
    path: path === null ? call.path : targetOf(`${resolve(path[1]!)}${path[2]}`),
    body: body === text ? call.body : Buffer.from(body),
  };
}

function wrapped(name: string, answers: readonly Answered[]): string {
  const inner = `changesetresponse_${randomUUID()}`;
  const pieces = answers.map((answered) => piece(inner, answered)).join('');
  return `--${name}\r\nContent-Type: multipart/mixed; boundary=${inner}\r\n\r\n${pieces}--${inner}--\r\n`;
}

function piece(name: string, { contentId, answer }: Answered): string {
  const id = contentId === undefined ? '' : `Content-ID: ${contentId}\r\n`;
  const headers = Object.entries(answer.headers).map(([header, value]) => `${header}: ${value}\r\n`);
  const status = `HTTP/1.1 ${answer.status} ${STATUS_WORDS[answer.status] ?? 'Error'}`;
  return `--${name}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n${id}\r\n${status}\r\n${headers.join('')}\r\n${answer.body}\r\n`;
}
