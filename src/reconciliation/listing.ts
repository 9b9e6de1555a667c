import type { Connector, Listed, ListPage, ObjectTarget } from '../connectors/connector.js';
import type { Reconciling } from './reconciling.js';

/** Whether all that carries our key can be read there. */
export function canList(connector: Connector, target: ObjectTarget): boolean {
  return connector.list !== undefined && (connector.lists?.(target) ?? true);
}

const SAME_PAGE =
  'The backend names the page that it has just shown as the next one, which would be read for ever.';

/**
 * Everything that carries our key at the backend, page by page; the next page is on its way while one is looked at.
 * @param fields none: keys, ids and marks only
 * @throws Error where the backend cannot be read
 */
export async function* listing(
  { connector, target, options }: Pick<Reconciling, 'connector' | 'target' | 'options'>,
  fields: readonly string[],
): AsyncGenerator<readonly Listed[]> {
  const ask = (page: string | null): Promise<ListPage> => {
    const asked = connector.list!(target, fields, page, options());
    // Who stops reading before the end hears nothing of it.
    asked.catch(() => undefined);
    return asked;
  };
  let at: string | null = null;
  for (let next: Promise<ListPage> | null = ask(null); next !== null;) {
    const page: ListPage = await next;
    if (page.failure) throw new Error(page.failure.reason.message);
    if (page.next !== null && page.next === at) throw new Error(SAME_PAGE);
    at = page.next;
    next = at === null ? null : ask(at);
    yield page.records;
  }
}
