import type { Connector, Listed, ListPage, ObjectTarget } from '../connectors/connector.js';
import type { Reconciling } from './reconciling.js';

/** Whether all that carries our key can be read there. */
export function canList(connector: Connector, target: ObjectTarget): boolean {
  return connector.list !== undefined && (connector.lists?.(target) ?? true);
}

/** A listing that is longer never ends: pages that are counted on and on, each with something in it. */
const LONGEST = { pages: 1_000_000, records: 10_000_000 } as const;
const SAME_PAGE =
  'The backend names the page that it has just shown as the next one, which would be read for ever.';

/**
 * Everything that carries our key at the backend, page by page; the next page is on its way while one is looked at.
 * @param fields none: keys, ids and marks only
 * @param longest what is read at most: records are held until the end
 * @throws Error where the backend cannot be read to its end: nothing is concluded from a part
 */
export async function* listing(
  { connector, target, inTurn }: Pick<Reconciling, 'connector' | 'target' | 'inTurn'>,
  fields: readonly string[],
  longest: { readonly pages: number; readonly records: number } = LONGEST,
): AsyncGenerator<readonly Listed[]> {
  const ask = (page: string | null): Promise<ListPage> => {
    const asked = inTurn((options) => connector.list!(target, fields, page, options));
    // Who stops reading before the end hears nothing of it.
    asked.catch(() => undefined);
    return asked;
  };
  let at: string | null = null;
  let pages = 0;
  let records = 0;
  for (let next: Promise<ListPage> | null = ask(null); next !== null;) {
    const page: ListPage = await next;
    if (page.failure) throw new Error(page.failure.reason.message);
    if (page.next !== null && page.next === at) throw new Error(SAME_PAGE);
    pages += 1;
    records += page.records.length;
    if (page.next !== null && (pages >= longest.pages || records > longest.records))
      throw new Error(
        `The backend still has a page after ${pages} pages with ${records} records, more than are read of one object.`,
      );
    at = page.next;
    next = at === null ? null : ask(at);
    yield page.records;
  }
}
