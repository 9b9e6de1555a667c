import { type Answer, type Call, isObject, jsonOf } from '../call.js';
import { takenBack } from './collections.js';
import { Unreadable, json } from './errors.js';
import type { Org } from './org.js';

const SUBREQUESTS_MAX = 25;
const GRAPHS_MAX = 75;
const GRAPH_NODES_MAX = 500;
const REFERENCE = /@\{(\w+)\.([^}]+)\}/g;

/** Answers a subrequest as if it had come by itself, without counting it against token or limit. */
export type AnswerPart = (call: Call) => Answer;

interface Subrequest {
  method: string;
  url: string;
  referenceId: string;
  body?: unknown;
  httpHeaders?: Record<string, string>;
}

interface Subanswer {
  body: unknown;
  httpHeaders: Record<string, string>;
  httpStatusCode: number;
  referenceId: string;
}

/** POST composite: subrequests one after the other; later ones may use what earlier ones answered. */
export function composite(org: Org, call: Call, answerPart: AnswerPart): Answer {
  const body = jsonOf(call);
  if (!isObject(body))
    throw new Unreadable('JSON_PARSER_ERROR', 'Unexpected end-of-input at [line:1, column:1]');
  const subrequests = readSubrequests(body.compositeRequest, SUBREQUESTS_MAX);
  const isAllOrNone = body.allOrNone === true;
  return json(200, { compositeResponse: run(org, call, subrequests, isAllOrNone, answerPart) });
}

/** POST composite/graph: each graph is all or nothing by itself. */
export function compositeGraph(org: Org, call: Call, answerPart: AnswerPart): Answer {
  const body = jsonOf(call);
  if (!isObject(body) || !Array.isArray(body.graphs) || body.graphs.length > GRAPHS_MAX)
    throw new Unreadable(
      'JSON_PARSER_ERROR',
      `The body must have "graphs", at most ${GRAPHS_MAX}, at [line:1, column:1]`,
    );
  const graphs = (body.graphs as unknown[]).map((graph) => {
    if (!isObject(graph))
      throw new Unreadable('JSON_PARSER_ERROR', 'A graph must be an object at [line:1, column:1]');
    const subrequests = readSubrequests(graph.compositeRequest, GRAPH_NODES_MAX);
    const compositeResponse = run(org, call, subrequests, true, answerPart);
    const isSuccessful = compositeResponse.every(({ httpStatusCode }) => httpStatusCode < 400);
    return { graphId: graph.graphId, graphResponse: { compositeResponse }, isSuccessful };
  });
  return json(200, { graphs });
}

function run(
  org: Org,
  call: Call,
  subrequests: Subrequest[],
  isAllOrNone: boolean,
  answerPart: AnswerPart,
): Subanswer[] {
  const answers: Subanswer[] = [];
  const notesBefore = call.notes.length;
  const work = () => {
    for (const subrequest of subrequests) answers.push(answerOne(call, subrequest, answers, answerPart));
    return !isAllOrNone || answers.every(({ httpStatusCode }) => httpStatusCode < 400);
  };
  if (!isAllOrNone) {
    work();
    return answers;
  }
  org.store.transaction(work);
  if (answers.every(({ httpStatusCode }) => httpStatusCode < 400)) return answers;
  call.notes.push(...takenBack(call.notes.splice(notesBefore)));
  return answers.map((answer) => (answer.httpStatusCode < 400 ? halted(answer.referenceId) : answer));
}

function answerOne(
  call: Call,
  subrequest: Subrequest,
  earlier: readonly Subanswer[],
  answerPart: AnswerPart,
): Subanswer {
  const { method, referenceId, httpHeaders = {} } = subrequest;
  const url = resolved(subrequest.url, earlier) as string | undefined;
  const body = resolved(subrequest.body ?? null, earlier);
  if (url === undefined || body === undefined) return unresolved(referenceId);
  const mark = url.indexOf('?');
  const headers = Object.fromEntries(
    Object.entries(httpHeaders).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const answer = answerPart({
    ...call,
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    target: url,
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers: { ...headers, 'content-type': 'application/json' },
    body: Buffer.from(body === null ? '' : JSON.stringify(body)),
  });
  const { 'Content-Type': _, ...shown } = answer.headers;
  const parsed: unknown = answer.body === '' ? null : JSON.parse(answer.body);
  return { body: parsed, httpHeaders: shown, httpStatusCode: answer.status, referenceId };
}

/** Puts what earlier answers said in place of @{reference.path}; undefined when it is not there. */
function resolved(value: unknown, earlier: readonly Subanswer[]): unknown {
  if (typeof value === 'string') {
    const found = (referenceId: string, path: string) =>
      lookUp(earlier.find((answer) => answer.referenceId === referenceId)?.body, path);
    const references = [...value.matchAll(REFERENCE)];
    if (references.some(([, referenceId, path]) => found(referenceId!, path!) === undefined))
      return undefined;
    return value.replace(REFERENCE, (_, referenceId: string, path: string) =>
      String(found(referenceId, path)),
    );
  }
  if (Array.isArray(value)) {
    const list = value.map((each) => resolved(each, earlier));
    return list.includes(undefined) ? undefined : list;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, each]) => [name, resolved(each, earlier)] as const);
  return entries.some(([, each]) => each === undefined) ? undefined : Object.fromEntries(entries);
}

function lookUp(body: unknown, path: string): string | number | boolean | undefined {
  let value: unknown = body;
  for (const part of path.replace(/\[(\d+)\]/g, '.$1').split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : undefined;
}

function readSubrequests(given: unknown, most: number): Subrequest[] {
  if (!Array.isArray(given))
    throw new Unreadable('JSON_PARSER_ERROR', '"compositeRequest" must be a list at [line:1, column:1]');
  if (given.length > most)
    throw new Unreadable(
      'LIMIT_EXCEEDED',
      `Limit of ${most} subrequests exceeded: ${given.length} were sent`,
    );
  const seen = new Set<string>();
  return given.map((each: unknown) => {
    if (
      !isObject(each) ||
      typeof each.method !== 'string' ||
      typeof each.url !== 'string' ||
      typeof each.referenceId !== 'string'
    )
      throw new Unreadable(
        'JSON_PARSER_ERROR',
        'A subrequest needs "method", "url" and "referenceId" at [line:1, column:1]',
      );
    if (seen.has(each.referenceId))
      throw new Unreadable('INVALID_INPUT', `Duplicate ReferenceId: ${each.referenceId}`);
    seen.add(each.referenceId);
    return each as unknown as Subrequest;
  });
}

function halted(referenceId: string): Subanswer {
  const message = 'The transaction was rolled back since another operation in the same transaction failed.';
  return {
    body: [{ errorCode: 'PROCESSING_HALTED', message }],
    httpHeaders: {},
    httpStatusCode: 400,
    referenceId,
  };
}

function unresolved(referenceId: string): Subanswer {
  const message = 'Invalid reference specified. No value was found in the responses for it.';
  return {
    body: [{ errorCode: 'PROCESSING_HALTED', message }],
    httpHeaders: {},
    httpStatusCode: 400,
    referenceId,
  };
}
