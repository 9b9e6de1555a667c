/** Looking up by other properties, paging through all that carry our key, and what properties there are. */
import { type Failure, unconfirmed, unreadable } from './call-outcome.js';
import type {
  Described,
  DescribedField,
  FindResult,
  Listed,
  ListPage,
  ObjectTarget,
  StoredRecord,
} from './connector.js';
import { hubspotCanonical } from './hubspot-canonical.js';

/** A search takes five groups of conditions, and each group is one record looked for. */
const GROUPS_MAX = 5;
const SEARCH_PAGE_MAX = 100;
export const LIST_PAGE_MAX = 100;

type Stored = NonNullable<StoredRecord>;
type Shown = Stored & { readonly updatedAt: unknown };
type By = Readonly<Record<string, string>>;
export type HubspotLook = (
  method: 'GET' | 'POST',
  path: string,
  body: object | null,
) => Promise<{ readonly body?: unknown; readonly failure?: Failure }>;

/** By search, for `match` only: HubSpot's index lags by seconds, and a contact made just now is not yet found. */
export async function find(
  target: ObjectTarget,
  by: readonly By[],
  fields: readonly string[],
  read: HubspotLook,
): Promise<FindResult> {
  const found: (readonly Stored[] | undefined)[] = new Array<undefined>(by.length);
  let failure: Failure | undefined;
  for (let start = 0; start < by.length; start += GROUPS_MAX) {
    const part = by.slice(start, start + GROUPS_MAX);
    const names = part.flatMap((one) => Object.keys(one));
    const answer = await read('POST', `${target.object}/search`, {
      filterGroups: part.map((one) => ({
        filters: Object.entries(one).map(([propertyName, value]) => {
          return { propertyName, operator: 'EQ', value };
        }),
      })),
      properties: [...new Set([target.keyField, ...fields, ...names])],
      limit: SEARCH_PAGE_MAX,
    });
    const page = answer.failure ? null : pageIn(answer.body);
    // More than one page for five records looked for: their values are no names, and nobody can choose among them.
    if (!page || page.after !== null) failure ??= answer.failure ?? unconfirmed(200);
    else
      part.forEach(
        (one, place) => (found[start + place] = page.objects.filter((object) => isLike(object, one))),
      );
  }
  return { found, ...(failure ? { failure } : {}) };
}

/** Page by page through all objects, which needs no index; those without our key are passed over. */
export async function list(
  target: ObjectTarget,
  fields: readonly string[],
  after: string | null,
  read: HubspotLook,
): Promise<ListPage> {
  const query = new URLSearchParams({
    limit: String(LIST_PAGE_MAX),
    properties: [...new Set([target.keyField, ...fields])].join(','),
    ...(after === null ? {} : { after }),
  });
  const answer = await read('GET', `${target.object}?${query.toString()}`, null);
  const page = answer.failure ? null : pageIn(answer.body);
  if (!page) return { records: [], next: after, failure: answer.failure ?? unconfirmed(200) };
  const records = page.objects.flatMap(({ targetId, fields: standing, updatedAt }): Listed[] => {
    const key = standing[target.keyField];
    if (typeof key !== 'string' || key === '') return [];
    const stored = { targetId, fields: standing };
    // To the millisecond, of any property: HubSpot's own among them, so it moves more often than what we look at.
    const hasMark = typeof updatedAt === 'string' && updatedAt !== '';
    return [hasMark ? { key, stored, mark: updatedAt } : { key, stored }];
  });
  return { records, next: page.after };
}

const TYPES: Readonly<Record<string, string>> = {
  bool: 'bool',
  date: 'date',
  datetime: 'datetime',
  enumeration: 'picklist',
  number: 'double',
  phone_number: 'phone',
};
/** HubSpot keeps 65,536 characters of a text. */
const TEXT_CHARACTERS_MAX = 65_536;

/** `properties` as HubSpot lists them. */
export function described(body: unknown): Described {
  const results = (body as { results?: unknown } | null)?.results;
  if (!Array.isArray(results)) return { ok: false, reason: unreadable(200).reason };
  return { ok: true, fields: Object.fromEntries(results.flatMap(property)) };
}

function property(value: unknown): [string, DescribedField][] {
  const one = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof one.name !== 'string' || typeof one.type !== 'string') return [];
  const type = one.name === 'email' ? 'email' : (TYPES[one.type] ?? 'string');
  const isReadOnly =
    (one.modificationMetadata as { readOnlyValue?: unknown } | undefined)?.readOnlyValue === true;
  const isUnique = one.hasUniqueValue === true || one.name === 'email' || one.name === 'hs_object_id';
  const options = Array.isArray(one.options) ? (one.options as { value?: unknown }[]) : [];
  return [
    [
      one.name,
      {
        type,
        ...(type === 'string' ? { length: TEXT_CHARACTERS_MAX } : {}),
        ...(isUnique ? { unique: true } : {}),
        ...(isReadOnly ? { writable: false } : {}),
        ...(type === 'picklist' ? { values: options.map((option) => String(option.value)) } : {}),
      },
    ],
  ];
}

function pageIn(body: unknown): { readonly objects: readonly Shown[]; readonly after: string | null } | null {
  const { results, paging } = (body ?? {}) as { results?: unknown; paging?: { next?: { after?: unknown } } };
  if (!Array.isArray(results)) return null;
  const objects: Shown[] = [];
  for (const result of results as unknown[]) {
    const { id, properties, updatedAt } = (result ?? {}) as {
      id?: unknown;
      properties?: Record<string, unknown>;
      updatedAt?: unknown;
    };
    if (typeof id !== 'string' || id === '') return null;
    objects.push({ targetId: id, fields: properties ?? {}, updatedAt });
  }
  const after = paging?.next?.after;
  return { objects, after: typeof after === 'string' || typeof after === 'number' ? String(after) : null };
}

/** HubSpot compares whatever the case. */
function isLike(object: Stored, by: By): boolean {
  const folded = (field: string, value: unknown): string =>
    String(hubspotCanonical(field, value) ?? '').toLowerCase();
  return Object.entries(by).every(
    ([field, value]) => folded(field, object.fields[field]) === folded(field, value),
  );
}
