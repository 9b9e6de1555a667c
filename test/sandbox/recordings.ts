import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { parse } from 'yaml';

/** Traffic that others recorded; it lies beside the checkout and never in it. */
export const RECORDED = fileURLToPath(new URL('../../../shared/data/recorded', import.meta.url));
export const IS_RECORDED_THERE = existsSync(RECORDED);
export const WHY_SKIPPED = 'the recordings are not beside this checkout (../shared/data/recorded)';

export interface Recorded {
  /** The file and the place in it. */
  name: string;
  method: string;
  url: string;
  body: string;
  status: number;
  answer: string;
}

interface Interaction {
  include_file?: string;
  request?: { method: string; uri: string; body?: string | { string?: string } | null };
  response?: { status: { code: number }; body?: string | { string?: string } | object };
}

/** The interactions of every YAML cassette below a folder, in the order they were recorded. */
export function cassettes(folder: string): { file: string; recorded: Recorded[] }[] {
  const root = path.join(RECORDED, folder);
  return yamlFiles(root).map((file) => {
    const document = parse(readFileSync(file, 'utf8')) as Interaction & Record<string, Interaction[]>;
    const interactions = document.http_interactions ?? document.interactions ?? [document];
    const name = path.relative(root, file);
    return {
      file: name,
      recorded: interactions.flatMap((each, index) => readInteraction(each, `${name} no. ${index + 1}`)),
    };
  });
}

interface WireMock {
  request: {
    method: string;
    url?: string;
    urlPath?: string;
    queryParameters?: Record<string, { equalTo: string }>;
    bodyPatterns?: { equalToJson?: string }[];
  };
  response: { status: number; body?: string };
}

/** The WireMock mappings of a folder, each one call. */
export function mappings(folder: string): Recorded[] {
  const root = path.join(RECORDED, folder);
  return readdirSync(root)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const { request, response } = JSON.parse(readFileSync(path.join(root, name), 'utf8')) as WireMock;
      const query = Object.entries(request.queryParameters ?? {}).map(([key, { equalTo }]) => [key, equalTo]);
      const search = query.length === 0 ? '' : `?${new URLSearchParams(query).toString()}`;
      return {
        name,
        method: request.method,
        url: `${request.url ?? request.urlPath ?? ''}${search}`,
        body: request.bodyPatterns?.[0]?.equalToJson ?? '',
        status: response.status,
        answer: response.body ?? '',
      };
    });
}

function yamlFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const whole = path.join(folder, entry.name);
      if (entry.isDirectory()) return yamlFiles(whole);
      return /\.ya?ml$/.test(entry.name) ? [whole] : [];
    })
    .sort();
}

function readInteraction({ request, response }: Interaction, name: string): Recorded[] {
  if (request === undefined || response === undefined) return [];
  const text = (body: unknown): string => {
    if (typeof body === 'string') return body;
    const inner = (body as { string?: unknown } | null | undefined)?.string;
    return typeof inner === 'string' ? inner : '';
  };
  const { method, uri: url } = request;
  const { code: status } = response.status;
  return [
    {
      name,
      method: method.toUpperCase(),
      url,
      body: text(request.body),
      status,
      answer: text(response.body),
    },
  ];
}

/**
 * How the shape of an answer differs from the recorded one: missing keys, keys too many, other types. Only
 * shapes are compared, not values; an empty recorded list allows any list, and a null any value.
 */
export function differences(got: unknown, recorded: unknown, at = 'body'): string[] {
  if (recorded === null || got === null) return [];
  if (kindOf(got) !== kindOf(recorded)) return [`${at} is ${kindOf(got)}, recorded is ${kindOf(recorded)}`];
  if (Array.isArray(recorded)) {
    const list = got as unknown[];
    if (recorded.length === 0 || list.length === 0) return [];
    return list.flatMap((each, index) =>
      differences(each, recorded[Math.min(index, recorded.length - 1)], `${at}[${index}]`),
    );
  }
  if (typeof recorded !== 'object') return [];
  const [left, right] = [got as Record<string, unknown>, recorded as Record<string, unknown>];
  const missing = Object.keys(right)
    .filter((key) => !(key in left))
    .map((key) => `${at}.${key} is missing`);
  const surplus = Object.keys(left)
    .filter((key) => !(key in right))
    .map((key) => `${at}.${key} was not recorded`);
  const shared = Object.keys(right).filter((key) => key in left);
  return [
    ...missing,
    ...surplus,
    ...shared.flatMap((key) => differences(left[key], right[key], `${at}.${key}`)),
  ];
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'a list' : typeof value;
}
