/** A first mapping of an object, from what its backend says of it: complete enough to pass its own check. */
import { stringify } from 'yaml';
import type { Stream } from './source-contract.js';
import type { Attributes, StreamContract } from './stream-contracts.js';
import type { TargetField, TargetMetadata } from './target-metadata.js';

/** Names that backends have for what we call otherwise, in small letters and without separators. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  email: ['email', 'emailaddress', 'mail', 'emailaddress1', 'workemail'],
  firstName: ['firstname', 'givenname', 'fname'],
  lastName: ['lastname', 'surname', 'familyname', 'lname'],
  company: ['company', 'companyname', 'organization', 'organisation', 'accountname'],
  jobTitle: ['title', 'jobtitle', 'position'],
  country: ['country', 'countrycode', 'address1country', 'mailingcountry'],
  phone: ['phone', 'phonenumber', 'telephone', 'telephone1', 'mobilephone'],
  locale: ['locale', 'language', 'hslanguage', 'preferredlanguage'],
};

/** Where a stream keeps the person, its key, and the event. */
const places: Readonly<
  Record<Stream, { readonly key: string; readonly person: string | null; readonly event: string | null }>
> = {
  person: { key: 'person.id', person: 'person', event: null },
  registration: { key: 'id', person: 'attendee', event: 'event' },
  event: { key: 'event.id', person: null, event: 'event' },
  session: { key: 'session.id', person: null, event: 'event' },
  attendance: { key: 'attendance.id', person: 'person', event: 'event' },
  interaction: { key: 'interaction.id', person: 'person', event: 'event' },
};

export interface NewMapping {
  readonly name: string;
  readonly stream: Stream;
  readonly target: TargetMetadata;
  readonly contract: StreamContract;
}

/** The text of the file, without an example: that is made by running it. */
export function newMapping({ name, stream, target, contract }: NewMapping): string {
  const { key, person } = places[stream];
  const keyField = keyOf(target);
  const fields = Object.entries(target.fields)
    .filter(([field, { writable }]) => writable !== false && field !== keyField)
    .flatMap(([field, metadata]) => fieldOf(field, metadata, stream, contract));
  const isPersonal = person !== null && fields.some(({ text }) => text.includes(`${person}.`));
  const [given, open] = [fields.filter(({ isOpen }) => !isOpen), fields.filter(({ isOpen }) => isOpen)];
  return [
    `# yaml-language-server: $schema=../config/schemas/mapping.schema.json`,
    `mapping: ${name}`,
    `stream: ${stream}`,
    `destination: ${target.destination}`,
    `object: ${target.object}`,
    'operation: upsert',
    ...(isPersonal ? ['when: consent.granted("marketing")', 'whenNot: keep'] : []),
    `key: { field: ${keyField}, value: ${key} }`,
    'fields:',
    ...given.map(({ text }) => `  ${text}`),
    ...(open.length > 0 ? ['  # Required at the backend; say where they come from:'] : []),
    ...open.map(({ text }) => `  ${text}`),
    ...(fields.length === 0
      ? [`  # No field of ${target.object} has a name that a ${stream} has, too.`]
      : []),
    '',
  ].join('\n');
}

/** The example that shows what a record becomes. */
export function exampleText(
  title: string,
  given: object,
  expected: unknown,
  targets: Readonly<Record<string, string>> = {},
): string {
  const there = Object.keys(targets).length === 0 ? {} : { targets };
  const example = { name: title, given, ...there, expect: expected };
  const [first, ...rest] = stringify([example], { lineWidth: 110, aliasDuplicateObjects: false })
    .trimEnd()
    .split('\n');
  return [first, ...rest].map((line) => `  ${line}`).join('\n') + '\n';
}

/** One of ours first: it is there to hold our key. */
function keyOf(target: TargetMetadata): string {
  const unique = Object.entries(target.fields).filter(
    ([, field]) => field.unique && field.writable !== false,
  );
  const ours = unique.find(([field]) => /foyer|external/i.test(field));
  const [name] = ours ?? unique.find(([, { type }]) => type === 'string') ?? unique[0] ?? ['external_id'];
  return name;
}

interface MadeField {
  readonly text: string;
  /** Nothing of the record fits: a person has to say what does. */
  readonly isOpen: boolean;
}

function fieldOf(name: string, field: TargetField, stream: Stream, contract: StreamContract): MadeField[] {
  const found = sourceOf(name, stream, contract);
  const isText = ['string', 'email', 'phone'].includes(field.type);
  const isTime = field.type === 'datetime' && found?.attribute.endsWith('At');
  if (found && (isText || isTime)) {
    const truncate =
      field.length !== undefined && field.length < 254 && field.type === 'string'
        ? `, truncate: ${field.length}`
        : '';
    const missing = field.required ? ', missing: reject' : '';
    const more = `${missing}${truncate}`;
    const value = more ? `{ value: ${found.path}${more} }` : found.path;
    return [{ text: `${name}: ${value}`, isOpen: false }];
  }
  return field.required ? [{ text: `${name}: ${placeholder(field)} # ${field.type}`, isOpen: true }] : [];
}

function sourceOf(
  name: string,
  stream: Stream,
  contract: StreamContract,
): { readonly path: string; readonly attribute: string } | null {
  const wanted = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const { person, event } = places[stream];
  for (const root of [stream === 'registration' ? '' : stream, person, event]) {
    if (root === null) continue;
    const attributes = root === '' ? contract.variables : attributesOf(root, contract);
    const attribute = Object.keys(attributes).find(
      (known) =>
        attributes[known]!.type === 'string' && (synonyms[known] ?? [known.toLowerCase()]).includes(wanted),
    );
    if (attribute && attribute !== 'id')
      return { path: root === '' ? attribute : `${root}.${attribute}`, attribute };
  }
  return null;
}

function attributesOf(variable: string, contract: StreamContract): Attributes {
  const type = contract.variables[variable]?.type ?? '';
  return Object.hasOwn(contract.types, type) ? contract.types[type]! : {};
}

/** Something of the right kind, so that the rest of the file can be checked meanwhile. */
function placeholder(field: TargetField): string {
  switch (field.type) {
    case 'int':
      return '0';
    case 'double':
      return '0.0';
    case 'bool':
      return 'false';
    case 'date':
      return `'"2026-01-01"'`;
    case 'datetime':
      return `'"2026-01-01T00:00:00Z"'`;
    default:
      return `'"${field.values?.[0] ?? 'TODO'}"'`;
  }
}
