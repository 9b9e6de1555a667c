import { type Answer, type Call, textOf } from '../call.js';
import type { Row } from '../store/table.js';
import { error, headersOf } from './errors.js';
import type { Objects } from './objects.js';
import { element, xml } from './xml.js';

const KEYS_MAX = 1000;

/** GET ?list-type=2: keys in the order of their bytes, in pages. */
export function listObjects(objects: Objects, call: Call, bucket: string): Answer {
  const { query } = call;
  const given = query.get('max-keys') ?? String(KEYS_MAX);
  if (!/^\d+$/.test(given))
    return error('InvalidArgument', { ArgumentName: 'max-keys', ArgumentValue: given });
  const keysMax = Math.min(Number(given), KEYS_MAX);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token');
  const after =
    token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString('utf8');
  const rows = objects.table.rows
    .filter(
      ({ isGone, fields }) => !isGone && fields.bucket === bucket && textOf(fields.key).startsWith(prefix),
    )
    .sort((one, other) =>
      Buffer.compare(Buffer.from(textOf(one.fields.key)), Buffer.from(textOf(other.fields.key))),
    );

  const entries = entriesOf(rows, prefix, delimiter).filter(({ name }) => name > after);
  const page = entries.slice(0, keysMax);
  const isTruncated = entries.length > page.length;
  const shown = (text: string) =>
    query.get('encoding-type') === 'url' ? encodeURIComponent(text).replaceAll('%2F', '/') : text;
  const body = xml('ListBucketResult', [
    element('Name', bucket),
    element('Prefix', shown(prefix)),
    ...(delimiter === '' ? [] : [element('Delimiter', shown(delimiter))]),
    element('MaxKeys', keysMax),
    element('KeyCount', page.length),
    element('IsTruncated', isTruncated),
    ...(token === null ? [] : [element('ContinuationToken', token)]),
    ...(isTruncated
      ? [element('NextContinuationToken', Buffer.from(page.at(-1)?.name ?? '').toString('base64url'))]
      : []),
    ...page.map(({ name, row }) =>
      row === undefined
        ? `<CommonPrefixes>${element('Prefix', shown(name))}</CommonPrefixes>`
        : contents(shown(name), row),
    ),
  ]);
  return { status: 200, headers: { ...headersOf(), 'Content-Type': 'application/xml' }, body };
}

interface Entry {
  name: string;
  /** Absent: a prefix that several keys have in common. */
  row?: Row;
}

function entriesOf(rows: readonly Row[], prefix: string, delimiter: string): Entry[] {
  const entries: Entry[] = [];
  for (const row of rows) {
    const name = textOf(row.fields.key);
    const at = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
    const common = at < 0 ? undefined : name.slice(0, at + delimiter.length);
    if (common === undefined) entries.push({ name, row });
    else if (entries.at(-1)?.name !== common) entries.push({ name: common });
  }
  return entries;
}

function contents(name: string, { fields, updatedAt }: Row): string {
  const parts = [
    element('Key', name),
    element('LastModified', new Date(updatedAt).toISOString()),
    element('ETag', textOf(fields.etag)),
    element('Size', textOf(fields.size)),
    element('StorageClass', 'STANDARD'),
  ];
  return `<Contents>${parts.join('')}</Contents>`;
}
