import type { ReportTable } from './report.js';

/** RFC 4180, UTF-8, with a header. A cell that a spreadsheet would take for a formula is disarmed by an apostrophe. */
export function renderCsv(table: ReportTable): string {
  const lines = [table.columns, ...table.rows].map((row) => row.map(cell).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

/** An array of objects, one a row. */
export function renderJson(table: ReportTable): string {
  const rows = table.rows.map((row) =>
    Object.fromEntries(table.columns.map((column, i) => [column, row[i] ?? null])),
  );
  return `${JSON.stringify(rows, null, 2)}\n`;
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
