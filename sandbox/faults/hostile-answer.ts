import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../call.js';
import type { Fault } from './fault.js';

/** How long timeoutAfterCommit holds a socket when the fault does not say. */
const HOLD_MS = 60_000;
const DRIP_MS = 50;
const FLOOD_BYTES = 50_000_000;
const FLOOD_CHUNK = Buffer.alloc(64 * 1024, ' ');

const PAGE = `<!DOCTYPE html>
<html><head><title>Scheduled maintenance</title></head>
<body><h1>We will be back shortly</h1><p>This service is being improved.</p></body></html>
`;

/** The answer of a call that never reached the vendor: undefined where the fault is of another kind. */
export function answerInstead(fault: Fault | undefined, twinUrl: string): Answer | undefined {
  if (fault?.kind === 'html') {
    const headers = { 'Content-Type': 'text/html; charset=utf-8' };
    return { status: fault.status ?? 200, headers, body: PAGE, isRefused: true };
  }
  if (fault?.kind !== 'redirect') return undefined;
  const headers = { Location: fault.to ?? `${twinUrl}/_twin/elsewhere`, 'Content-Type': 'text/html' };
  return { status: fault.status ?? 302, headers, body: '', isRefused: true };
}

/** Sends the vendor's answer, in the way the fault spoils it. Resolves when nothing more is to be done. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  fault: Fault | undefined,
): Promise<void> {
  const body = answer.bytes ?? Buffer.from(answer.body);
  switch (fault?.kind) {
    case 'timeoutAfterCommit':
      setTimeout(() => request.socket.destroy(), fault.delayMs ?? HOLD_MS).unref();
      return;
    case 'truncate':
      response.writeHead(answer.status, { ...answer.headers, 'Content-Length': body.length + 1 });
      response.write(body.subarray(0, Math.ceil(body.length / 2)), () => request.socket.destroy());
      return;
    case 'malformed':
      whole(response, answer, body.subarray(0, Math.floor(body.length / 2)));
      return;
    case 'drip':
      return drip(response, answer, body, fault.delayMs ?? DRIP_MS);
    case 'flood':
      return flood(response, answer, body, fault.bytes ?? FLOOD_BYTES);
    default:
      whole(response, answer, body);
  }
}

function whole(response: ServerResponse, answer: Answer, body: Buffer): void {
  const isBare = answer.status === 204 || answer.status === 304;
  const headers = isBare ? answer.headers : { 'Content-Length': body.length, ...answer.headers };
  response.writeHead(answer.status, headers);
  response.end(body);
}

/** One byte after the other: the connection never falls silent, and the answer hardly comes. */
async function drip(response: ServerResponse, answer: Answer, body: Buffer, pauseMs: number): Promise<void> {
  response.writeHead(answer.status, { ...answer.headers, 'Content-Length': body.length });
  response.flushHeaders();
  for (let at = 0; at < body.length && !response.destroyed; at += 1) {
    response.write(body.subarray(at, at + 1));
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  response.end();
}

/** Blanks before the body: the answer is true, and far too large. */
async function flood(response: ServerResponse, answer: Answer, body: Buffer, bytes: number): Promise<void> {
  response.writeHead(answer.status, answer.headers);
  for (let sent = 0; sent < bytes && !response.destroyed; sent += FLOOD_CHUNK.length) {
    const chunk = FLOOD_CHUNK.subarray(0, Math.min(FLOOD_CHUNK.length, bytes - sent));
    if (!response.write(chunk)) await drained(response);
  }
  response.end(body);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go);
      response.off('close', go);
      resolve();
    };
    response.on('drain', go);
    response.on('close', go);
  });
}
