import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBody } from './body.js';
import type { Answer, Call, Note } from './call.js';
import { CallLog } from './call-log.js';
import { Control } from './control.js';
import { answerInstead, send } from './faults/hostile-answer.js';
import { Faults } from './faults/faults.js';
import type { Fault } from './faults/fault.js';
import { JournalFile } from './journal-file.js';
import { Journal, type JournalCall } from './journal.js';
import { Store } from './store/store.js';
import type { Vendor } from './vendor.js';

const BODY_BYTES_MAX = 16 * 1024 * 1024;
/** Above the vendors' own limits on addresses, so that they can refuse in their own words. */
const HEADER_BYTES_MAX = 128 * 1024;
const LOOPBACK = '127.0.0.1';
const KEEP_ALIVE_MS = 65_000;

export interface TwinOptions {
  /** Absent: 127.0.0.1. */
  host?: string;
  /** Where others reach it; absent: the address it listens on. */
  url?: string;
  /** 0 or absent: a free one. */
  port?: number;
  /** A file that carries the state over a kill. */
  journalFile?: string;
}

export interface Twin {
  name: Vendor['name'];
  url: string;
  journal: Journal;
  store: Store;
  faults: Faults;
  stop: () => Promise<void>;
}

/** Makes a vendor on a store; `url` answers the twin's own base URL once it listens. */
export type MakeVendor = (store: Store, url: () => string) => Vendor;

/** Starts one twin, on loopback unless told otherwise. */
export async function startTwin(makeVendor: MakeVendor, options: TwinOptions = {}): Promise<Twin> {
  let url = '';
  const store = new Store();
  const journal = new Journal();
  const calls = new CallLog();
  const faults = new Faults();
  const file =
    options.journalFile === undefined ? undefined : new JournalFile(options.journalFile, store, journal);
  const vendor = makeVendor(store, () => url);
  const control = new Control({ vendor, journal, calls, faults, file });
  const parts: Parts = { vendor, journal, calls, faults, file, url: () => url, inFlight: 0 };

  const server = createServer(
    { maxHeaderSize: HEADER_BYTES_MAX, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      const target = request.url ?? '/';
      const served = isControl(target)
        ? control.answer(request, response, target)
        : serve(request, response, target, parts);
      served.catch((error: unknown) => failed(error, response));
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? LOOPBACK, resolve);
  });
  url = options.url ?? `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`;

  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => {
        file?.close();
        resolve();
      });
      server.closeAllConnections();
    });
  return { name: vendor.name, url, journal, store, faults, stop };
}

interface Parts {
  vendor: Vendor;
  journal: Journal;
  calls: CallLog;
  faults: Faults;
  file: JournalFile | undefined;
  url: () => string;
  /** Calls to the vendor that have no answer yet. */
  inFlight: number;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
  parts: Parts,
): Promise<void> {
  const { vendor, faults } = parts;
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const { delayMs, skewMs, fault } = faults.strike(path);
  if (fault?.kind === 'refuse') {
    request.socket.destroy();
    return;
  }
  parts.inFlight += 1;
  const { inFlight } = parts;
  response.once('close', () => (parts.inFlight -= 1));
  const body = await readBody(request, BODY_BYTES_MAX);
  if (body === undefined) return;
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));

  const at = Date.now() + skewMs;
  if (skewMs !== 0) response.setHeader('Date', new Date(at).toUTCString());
  const call: Call = {
    at,
    method: request.method ?? 'GET',
    path,
    target,
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: request.headers,
    body: body === 'tooLarge' ? Buffer.alloc(0) : body,
    notes: [],
    inFlight,
    lie: () => faults.lie(path),
  };
  const answer =
    body === 'tooLarge'
      ? vendor.refusal(call, 413)
      : (answerInstead(fault, parts.url()) ?? answerOf(call, vendor, fault));
  noteRefusal(call, answer, vendor);
  const status = fault?.kind === 'timeoutAfterCommit' ? 0 : answer.status;
  record(call, status, fault, parts);
  const { method } = call;
  parts.calls.add({
    at,
    method,
    path,
    status,
    records: call.notes.length,
    isThrottled: answer.isThrottled === true,
    fault: fault?.kind ?? null,
  });
  await send(request, response, answer, fault);
}

function answerOf(call: Call, vendor: Vendor, fault: Fault | undefined): Answer {
  if (fault?.kind === 'status') return vendor.refusal(call, fault.status ?? 500, fault.code);
  if (fault?.kind === 'throttle')
    return { ...vendor.throttling(call, fault.retryAfterSeconds), isThrottled: true };
  return vendor.answer(call);
}

/** A write that was refused as a whole leaves one item for each record it carried. */
function noteRefusal(call: Call, answer: Answer, vendor: Vendor): void {
  const isRefused = answer.status >= 400 || answer.isRefused === true;
  if (!isRefused || call.notes.length > 0) return;
  const outcome = answer.isThrottled === true ? 'throttled' : 'rejected';
  const response = readable(answer.body);
  for (const part of vendor.parts(call)) call.notes.push({ ...part, id: null, outcome, response });
}

/** Faults after which the client does not know what became of its call. */
const UNANSWERED = ['timeoutAfterCommit', 'truncate', 'malformed'];

function record(call: Call, status: number, fault: Fault | undefined, { journal, file }: Parts): void {
  if (call.notes.length === 0) return;
  const entry: JournalCall = { at: call.at, method: call.method, path: call.path, status };
  const notes: Note[] =
    fault !== undefined && UNANSWERED.includes(fault.kind)
      ? call.notes.map((note) => ({ ...note, outcome: 'unanswered' }))
      : call.notes;
  journal.add(entry, notes);
  file?.append(entry, notes);
}

/** A mistake of the twin's own: it says so, and goes on with the next call. */
function failed(error: unknown, response: ServerResponse): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`The twin failed: ${text}\n`);
  if (response.headersSent) response.destroy();
  else
    response
      .writeHead(500, { 'Content-Type': 'text/plain' })
      .end('The twin failed; its error output says why.');
}

function isControl(target: string): boolean {
  return target === '/_twin' || target.startsWith('/_twin/') || target.startsWith('/_twin?');
}

function readable(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}
