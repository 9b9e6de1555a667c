import type { FieldValue } from './connector.js';

export type DropFormat = 'csv' | 'ndjson';
export type DropRow = Readonly<Record<string, FieldValue>>;

/** How rows are written: as what, with which columns, and whether a spreadsheet shall be kept from running a cell. */
export interface RowForm {
  readonly format: DropFormat;
  /** In CSV the header, in this order; in NDJSON the order of a row's members. */
  readonly columns: readonly string[];
  /** CSV only: a text that a spreadsheet would take for a formula begins with an apostrophe. */
  readonly formulaGuard: boolean;
}

/** What begins so is run by a spreadsheet; the apostrophe is among them so that taking it away again is exact. */
const GUARDED = /^['=+\-@\t\r]/;

/** What stands above the rows: the header of CSV (RFC 4180), nothing in NDJSON. */
export function headOf({ format, columns }: RowForm): string {
  return format === 'csv' ? `${columns.map((name) => quoted(name)).join(',')}\r\n` : '';
}

/** One row with the end of its line. In CSV nothing at all is null or absent, and `""` is an empty text. */
export function lineOf(row: DropRow, { format, columns, formulaGuard }: RowForm): string {
  if (format === 'csv') return `${columns.map((name) => cell(row[name], formulaGuard)).join(',')}\r\n`;
  const members = columns.filter((name) => row[name] !== undefined).map((name) => [name, row[name]]);
  return `${JSON.stringify(Object.fromEntries(members))}\n`;
}

/** The rows as they were written; values of CSV are texts. Null: this is no such file, or not a whole one. */
export function readRows(text: string, { format, formulaGuard }: Omit<RowForm, 'columns'>): DropRow[] | null {
  return format === 'csv' ? readCsv(text, formulaGuard) : readLines(text);
}

function cell(value: FieldValue | undefined, formulaGuard: boolean): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  return quoted(formulaGuard && GUARDED.test(value) ? `'${value}` : value);
}

function quoted(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function readCsv(text: string, formulaGuard: boolean): DropRow[] | null {
  const rows: (string | null)[][] = [];
  let row: (string | null)[] = [];
  const fields = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n)/gy;
  while (fields.lastIndex < text.length) {
    const match = fields.exec(text);
    if (!match) return null;
    const [, inQuotes, plain, end] = match;
    row.push(inQuotes === undefined ? plain! || null : inQuotes.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  const [header, ...others] = rows;
  if (!header || row.length > 0 || others.some(({ length }) => length !== header.length)) return null;
  const shown = (value: string | null): string | null =>
    formulaGuard && value?.startsWith("'") ? value.slice(1) : value;
  return others.map((values) =>
    Object.fromEntries(header.map((name, place) => [name!, shown(values[place]!)])),
  );
}

function readLines(text: string): DropRow[] | null {
  if (text !== '' && !text.endsWith('\n')) return null;
  try {
    const rows = text.split('\n').slice(0, -1);
    return rows.map((line) => JSON.parse(line) as DropRow);
  } catch {
    return null;
  }
}
