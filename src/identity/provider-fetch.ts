import { AsyncLocalStorage } from 'node:async_hooks';
import { LoginFault } from './login-fault.js';
import type { GrantTrace } from './oidc-fault.js';

const ANSWER_BYTES_MAX = 1_048_576;

/** A grant under way; repeated, it judges the token endpoint's answer again instead of asking for another. */
export interface Grant extends GrantTrace {
  isRepeated?: boolean;
}

/** Every answer of a provider comes through here: bounded in size, never followed elsewhere, noted in its grant. */
export class ProviderFetch {
  private readonly grants = new AsyncLocalStorage<Grant>();

  /** What is asked meanwhile belongs to this grant. */
  during<T>(grant: Grant, ask: () => Promise<T>): Promise<T> {
    return this.grants.run(grant, ask);
  }

  readonly fetch = async (url: string, options: RequestInit): Promise<Response> => {
    const grant = this.grants.getStore();
    const isToken = grant?.phase === 'token' && options.method === 'POST';
    if (grant && grant.phase === 'token' && options.method === 'GET') grant.phase = 'keys';
    if (isToken && grant.isRepeated && grant.token) return responseOf(grant.token);
    const response = await fetch(url, { ...options, redirect: 'manual' });
    const answer = { status: response.status, headers: [...response.headers], text: await textOf(response) };
    if (isToken) grant.token = answer;
    return responseOf(answer);
  };
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new LoginFault('answer-too-large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function responseOf({ status, text, headers }: NonNullable<GrantTrace['token']>): Response {
  const isEmpty = status === 204 || status === 205 || status === 304;
  // What came is unpacked already.
  const kept = headers.filter(([name]) => name !== 'content-encoding' && name !== 'content-length');
  return new Response(isEmpty ? null : text, { status, headers: kept });
}
