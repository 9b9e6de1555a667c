import type { Call } from '../call.js';

export const FORMATTED = 'OData.Community.Display.V1.FormattedValue';
export const LOGICAL_NAME = 'Microsoft.Dynamics.CRM.lookuplogicalname';
export const PAGE_MAX = 5000;

/** What the header `Prefer` asks for. */
export interface Preferences {
  isRepresentation: boolean;
  isContinueOnError: boolean;
  /** Whether an annotation was asked for. */
  includes: (annotation: string) => boolean;
  pageSize: number | undefined;
}

export function preferencesOf(call: Call): Preferences {
  const header = String(call.headers.prefer ?? '');
  const annotations = (/odata\.include-annotations\s*=\s*"?([^"]*)"?/i.exec(header)?.[1] ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  const size = /(?:^|[,;\s])odata\.maxpagesize\s*=\s*(\d+)/i.exec(header)?.[1];
  return {
    isRepresentation: /(?:^|[,;\s])return\s*=\s*representation/i.test(header),
    isContinueOnError: /(?:^|[,;\s])odata\.continue-on-error(?!\s*=\s*false)/i.test(header),
    includes: (annotation) =>
      annotations.some((each) =>
        each.endsWith('*') ? annotation.startsWith(each.slice(0, -1)) : each === annotation,
      ),
    pageSize: size === undefined ? undefined : Math.min(Number(size), PAGE_MAX),
  };
}
