/**
 * OData 4 batches: requests and answers as parts of `multipart/mixed`, each a whole HTTP message. Answers stand in the
 * order of the requests and carry nothing else to tell them by.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface BatchRequest {
  readonly method: 'GET' | 'PATCH' | 'DELETE';
  /** From the root of the host, encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface BatchAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON; undefined where there is none. */
  readonly body: unknown;
}

const ALWAYS = {
  Accept: 'application/json',
  'OData-Version': '4.0',
  'OData-MaxVersion': '4.0',
  'If-None-Match': 'null',
};

export function batchBody(requests: readonly BatchRequest[]): {
  readonly body: string;
  readonly type: string;
} {
  const boundary = `batch_${randomUUID()}`;
  const parts = requests.map(({ method, path, headers, body }) => {
    const content = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const lines = Object.entries({ ...ALWAYS, ...content, ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    return [
      `--${boundary}`,
      'Content-Type: application/http',
      'Content-Transfer-Encoding: binary',
      '',
      `${method} ${path} HTTP/1.1`,
      ...lines,
      '',
      body === undefined ? '' : JSON.stringify(body),
    ].join('\r\n');
  });
  return {
    body: [...parts, `--${boundary}--`, ''].join('\r\n'),
    type: `multipart/mixed; boundary=${boundary}`,
  };
}

/** Null: this is no batch of answers, or not all of one; then it says nothing of any request. */
export function answersIn(bytes: Buffer, contentType: string | undefined): BatchAnswer[] | null {
  const [, quoted, plain] =
    /^multipart\/mixed\s*;.*?boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType ?? '') ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return null;
  const parts = `\r\n${bytes.toString('utf8').replace(/\r?\n/g, '\r\n')}`.split(`\r\n--${boundary}`);
  // Before the first boundary stands nothing, after the last one its two strokes.
  if (parts.length < 2 || !parts.at(-1)!.startsWith('--')) return null;
  const answers = parts.slice(1, -1).map(answerIn);
  return answers.every((answer) => answer !== null) ? answers : null;
}

export const isMultipart = (contentType: string | undefined): boolean =>
  /^multipart\/mixed\b/i.test(contentType ?? '');

function answerIn(part: string): BatchAnswer | null {
  const [, message] = cut(part);
  const [head, text] = cut(message);
  const [first = '', ...lines] = head.split('\r\n');
  const status = Number(/^HTTP\/\d(?:\.\d)? (\d{3})\b/.exec(first)?.[1]);
  if (!Number.isInteger(status)) return null;
  const headers: IncomingHttpHeaders = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  const body = text.trim() === '' ? undefined : parsed(text);
  return { status, headers, body };
}

/** At the first empty line. */
function cut(text: string): [string, string] {
  const at = text.indexOf('\r\n\r\n');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 4)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A part that is no JSON tells its status all the same.
    return undefined;
  }
}
