/** What config/destinations.yaml may say of how a declared backend describes the fields of an object. */
import { targetTypes } from '../mapping/target-metadata.js';
import { asking, OF_ANSWER } from './rest-listing-declaration.js';
import {
  expression,
  flag,
  listOf,
  mapOf,
  oneOf,
  optional,
  orEmpty,
  type Place,
  shape,
  text,
  type ValueOf,
  whole,
} from './shape.js';

const OF_DESCRIPTION = ['values', 'object'];
const LENGTH_MAX = 100_000_000;

const known = shape('What is known of a field; it takes the place of what the backend tells.', {
  type: optional(oneOf('Its type.', targetTypes), null),
  length: optional(whole('The longest text it takes.', 1, LENGTH_MAX), null),
  required: optional(flag('Whether a record cannot be made without it.'), null),
  writable: optional(flag('Whether it may be written.'), null),
  unique: optional(flag('Whether it may identify a record.'), null),
  values: optional(listOf('The values of a picklist.', text('A value.')), null),
  restricted: optional(flag('False: it also takes values that it does not list.'), null),
});

export const describe = shape(
  'How the backend describes the fields of this object, all in one answer; `foyer doctor` asks it. Left out: the metadata is a file of yours.',
  {
    ...asking(OF_DESCRIPTION),
    results: listOf('Where the fields stand; `result` is one of them.', expression('A list.', OF_ANSWER)),
    name: expression('The name of a field; a result without one is passed over.', OF_ANSWER),
    type: optional(expression('The backend’s word for its type; left out: all are text.', OF_ANSWER), null),
    types: orEmpty(
      mapOf(
        'The backend’s words for types, each with one of ours. A word that is not among them is text.',
        oneOf('A type.', targetTypes),
      ),
    ),
    length: optional(expression('The longest text it takes; 0: not told.', OF_ANSWER), null),
    required: optional(expression('Whether a record cannot be made without it.', OF_ANSWER), null),
    writable: optional(expression('Whether it may be written; left out: all may.', OF_ANSWER), null),
    unique: optional(expression('Whether it may identify a record.', OF_ANSWER), null),
    values: optional(expression('The values of a picklist, as a list of texts.', OF_ANSWER), null),
    restricted: optional(
      expression('Whether a picklist takes no other values than those; left out: it does not.', OF_ANSWER),
      null,
    ),
    also: orEmpty(mapOf('What the backend does not tell, or not so, by field.', known)),
  },
);

export type RestDescribe = ValueOf<typeof describe>;
export type KnownField = ValueOf<typeof known>;

/** What only several parts of it together can get wrong. */
export function checkDescribe({ type, types, values }: RestDescribe, place: Place): void {
  const words = Object.values(types);
  if (type && words.length === 0) place.note('gives type: it needs types, which says what its words mean');
  if (!type && words.length > 0) place.at('types').note('needs type, whose words they are');
  if (values && !words.includes('picklist'))
    place.at('values').note('belongs to a picklist, and none of types is one');
}
