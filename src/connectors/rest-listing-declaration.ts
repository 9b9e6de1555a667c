/** What config/destinations.yaml may say of a declared backend's lists, lookups and allowance. */
import { body, expression, headers, listOf, mapOf, oneOf, optional, orEmpty } from './shape.js';
import { type Place, shape, url, type ValueOf, whole } from './shape.js';

/** What is asked of an answer. `result` is one member of the results; where there are none, the body itself. */
export const OF_ANSWER = ['status', 'headers', 'body', 'readable', 'result', 'key', 'targetId', 'values'];
export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** What templates of a list read, page by page, and those of a lookup. */
const OF_PAGE = ['page', 'values', 'object'];
const OF_LOOKUP = ['by', 'values', 'object'];

/** How a call is made that only asks; its templates read these. */
export const asking = (reads: readonly string[]) => ({
  method: optional(oneOf('The HTTP method.', METHODS), 'GET' as const),
  url: url('The path below baseUrl.', reads),
  headers: orEmpty(headers('Headers of this call.', reads)),
  body: optional(body('The body, where the call has one.', reads), null),
});

/** How what is read shows in a result; the same for `list` and `find`. */
const shown = {
  results: listOf('Where the records stand.', expression('A list.', OF_ANSWER)),
  id: expression('The backend’s id; a result without one is an answer nobody can read.', OF_ANSWER),
  fields: orEmpty(
    mapOf(
      'Where a field stands; left out: where `read` says, else under its own name in the result.',
      expression('A field.', OF_ANSWER),
    ),
  ),
};

export const list = shape(
  'How all records are read page by page, for reconciliation. Left out: they are read back by key, and what only the backend has is not seen.',
  {
    ...asking(OF_PAGE),
    next: optional(
      url('The path of further pages; left out: url. With a cursor url has none yet, and next has.', OF_PAGE),
      null,
    ),
    ...shown,
    key: expression('The value of the mapping’s key field; a result without one is passed over.', OF_ANSWER),
    paging: oneOf(
      'What `page` is. offset: how many records were before, from 0; number: 1, 2, …; both end at a page without records. cursor: what `cursor` gives, absent at first, ends where it gives nothing. link: the next address stands in the Link header (rel=next); page is not read.',
      ['offset', 'number', 'cursor', 'link'],
    ),
    cursor: optional(expression('What the next page is asked for with.', OF_ANSWER), null),
  },
);

export const find = shape(
  'How a record is looked up by the fields of `match`, one a call; the answer has to show all that there are. A write then has to go by targetId where there is one. Left out: `match` finds nothing.',
  {
    ...asking(OF_LOOKUP),
    ...shown,
    missing: optional(expression('Whether the answer says that there is none.', OF_ANSWER), null),
  },
);

export const allowance = shape(
  'Where answers tell what is allowed. Calls are held to it; who is throttled without Retry-After waits for the reset.',
  {
    max: expression('Calls allowed in the window.', OF_ANSWER),
    left: optional(expression('Calls left in it.', OF_ANSWER), null),
    reset: optional(
      expression(
        'When it ends: in so many seconds, or at that time since 1970 in seconds or milliseconds.',
        OF_ANSWER,
      ),
      null,
    ),
    ms: whole('The window, in milliseconds; 86400000: the day’s allowance.', 1, 86_400_000),
  },
);

/** What only several parts of a list together can get wrong. */
export function checkPaging(declared: ValueOf<typeof list>, place: Place): void {
  const { paging, cursor, url: first, next, headers: given, body: content } = declared;
  if ((paging === 'cursor') !== (cursor !== null))
    place.note('gives cursor where paging is cursor, and only there');
  const ofEach = [...Object.values(given), ...(content ? [content] : [])];
  const isAsked = [next ?? first, ...ofEach].some(({ names }) => names.has('page'));
  if (paging === 'link' && isAsked) place.note('reads page, which the Link header stands for');
  if (paging !== 'link' && !isAsked) place.note('never reads page: every page would be the first');
  if (paging === 'cursor' && first.names.has('page'))
    place.at('url').note('reads page, which the first page has not: write next for the further ones');
}
