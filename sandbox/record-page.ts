import type { Fields, Table } from './store/table.js';

export interface RecordItem {
  id: string;
  key: string | null;
  fields: Fields;
  writes: number;
}

/** The live records after the cursor, a position in the order of creation; `next` is null at the end. */
export function recordPage(
  table: Table,
  cursor: number,
  limit: number,
): { items: RecordItem[]; next: string | null } {
  const items: RecordItem[] = [];
  let at = cursor;
  while (at < table.rows.length && items.length < limit) {
    const row = table.rows[at]!;
    at += 1;
    if (row.isGone) continue;
    items.push({ id: row.id, key: row.key, fields: row.fields, writes: row.writes });
  }
  return { items, next: at < table.rows.length ? String(at) : null };
}
