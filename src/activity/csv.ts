/**
 * Rows of a CSV by RFC 4180: fields in quotes may hold commas, line breaks and doubled quotes. A byte-order mark is
 * dropped, lines may end either way, and empty ones are passed over.
 */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const fields = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  const source = text.replace(/^\uFEFF/, '');
  while (fields.lastIndex < source.length) {
    const match = fields.exec(source);
    if (!match) throw new Error(`row ${rows.length + 1} is no CSV: a quote stands where none may`);
    const [, quoted, plain, end] = match;
    row.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === ',') {
      if (fields.lastIndex === source.length) row.push('');
      continue;
    }
    if (row.some((field) => field !== '')) rows.push(row);
    row = [];
  }
  if (row.some((field) => field !== '')) rows.push(row);
  return rows;
}
