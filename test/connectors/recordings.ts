import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const folder = join(import.meta.dirname, '../../../shared/data/recorded');

export const areRecordingsHere = existsSync(folder);
export const absentMessage = 'recorded traffic is not beside this checkout (../shared/data/recorded)';

export interface Interaction {
  readonly file: string;
  readonly method: string;
  readonly url: string;
  readonly requestBody: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface Cassette {
  interactions?: RawInteraction[];
  http_interactions?: RawInteraction[];
}

interface RawInteraction {
  request?: { method: string; uri: string; body?: string | { string?: string } | null };
  response?: {
    status: { code: number };
    headers?: Record<string, string[] | string>;
    body?: { string?: string };
  };
}

/** Every interaction of a folder of cassettes, with the describes (far larger, and no errors) left out. */
export function cassettes(name: string): Interaction[] {
  const root = join(folder, name);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ya?ml$/.test(file) && !file.includes('describe'))
    .flatMap((file) => {
      const cassette = parse(readFileSync(join(root, file), 'utf8'), { maxAliasCount: -1 }) as Cassette;
      return (cassette.interactions ?? cassette.http_interactions ?? []).flatMap((raw) =>
        interactionIn(file, raw),
      );
    });
}

function interactionIn(file: string, { request, response }: RawInteraction): Interaction[] {
  // Some bodies are made from templates by the recorder's own test runner: those are no recordings.
  if (!request || !response || typeof (response.body?.string ?? '') !== 'string') return [];
  const requestBody = typeof request.body === 'string' ? request.body : (request.body?.string ?? '');
  return [
    {
      file,
      method: request.method.toUpperCase(),
      url: request.uri,
      requestBody,
      status: response.status.code,
      headers: firstValues(response.headers ?? {}),
      body: response.body?.string ?? '',
    },
  ];
}

/** WireMock's form of the Salesforce recordings. */
export function mappings(name: string): Interaction[] {
  const root = join(folder, name, 'mappings');
  return readdirSync(root)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const { request, response } = JSON.parse(readFileSync(join(root, file), 'utf8')) as {
        request: { method: string; url?: string; urlPath?: string };
        response: {
          status: number;
          headers?: Record<string, string[] | string>;
          body?: string;
          jsonBody?: unknown;
        };
      };
      return {
        file,
        method: request.method,
        url: request.url ?? request.urlPath ?? '',
        requestBody: '',
        status: response.status,
        headers: firstValues(response.headers ?? {}),
        body: response.body ?? (response.jsonBody === undefined ? '' : JSON.stringify(response.jsonBody)),
      };
    });
}

/** Only what a server may say again about a body sent anew. */
function firstValues(headers: Record<string, string[] | string>): Record<string, string> {
  const kept = /^(content-type|retry-after|sforce-limit-info|x-hubspot-.*|location)$/i;
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value;
      return kept.test(name) && first !== undefined ? [[name.toLowerCase(), first]] : [];
    }),
  );
}

/** JSON with the keys of every object in order, for comparing bytes. */
export function sorted(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
