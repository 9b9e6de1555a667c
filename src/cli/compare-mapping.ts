import type { DescribedField } from '../connectors/connector.js';
import { compileMapping } from '../mapping/compile-mapping.js';
import { parseMapping } from '../mapping/parse-mapping.js';
import type { Picklist } from '../mapping/picklist.js';
import type { TargetMetadata } from '../mapping/target-metadata.js';
import type { LoadedFile } from '../pipelines/mapping-files.js';
import type { Finding } from './compare-target.js';

/** What `foyer check` says of a mapping at its target, and `compare-target.ts` in its own words already. */
const SAID_ALREADY: ReadonlySet<string> = new Set([
  'unknown-field',
  'not-writable',
  'key-not-unique',
  'unmapped-required-field',
]);

/**
 * What `foyer check` would find were mappings/targets what the backend says now: types, lengths, values of picklists,
 * what is required and may be absent.
 */
export function checkFindings(
  { file, source }: LoadedFile,
  target: { readonly destination: string; readonly object: string },
  live: Readonly<Record<string, DescribedField>>,
  picklists: ReadonlyMap<string, Picklist>,
): Finding[] {
  const metadata = { ...target, fields: live } as TargetMetadata;
  const { diagnostics } = compileMapping(parseMapping(file, source), { target: metadata, picklists });
  return diagnostics
    .filter(({ severity, code }) => severity === 'error' && !SAID_ALREADY.has(code))
    .map(({ code, message, line, column }) => ({ code, message: `${file}:${line}:${column} ${message}.` }));
}
