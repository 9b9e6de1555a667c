import { type Fields, type Row, Table } from './table.js';

/** A row with its object: what the journal file keeps of a write. */
export interface Written {
  object: string;
  row: Row;
}

/** All tables of a twin, the counter its ids come from, and the undo list of an open transaction. */
export class Store {
  private readonly tables = new Map<string, Table>();
  private undo: (() => void)[] | undefined;
  private touched: Written[] | undefined;
  /** Ids already given out; never goes back, so that no id is given twice. */
  counter = 0;
  /** Definitions made at run time (HubSpot properties), kept as they were given. */
  definitions: { object: string; definition: unknown }[] = [];
  onDefine: ((definition: { object: string; definition: unknown }) => void) | undefined;

  table(object: string, indexed: Iterable<string> = []): Table {
    let table = this.tables.get(object);
    if (table === undefined) {
      table = new Table(object, indexed);
      this.tables.set(object, table);
    }
    return table;
  }

  has(object: string): boolean {
    return this.tables.has(object);
  }

  objects(): string[] {
    return [...this.tables.keys()];
  }

  insert(table: Table, id: string, key: string | null, fields: Fields, at: number, writes = 1): Row {
    const row = { id, key, fields, before: null, writes, createdAt: at, updatedAt: at, isGone: false };
    table.add(row);
    this.undo?.push(() => table.forget(row));
    this.touched?.push({ object: table.object, row });
    return row;
  }

  update(table: Table, row: Row, key: string | null, fields: Fields, at: number): void {
    this.change(table, row, {
      ...row,
      key,
      fields,
      before: row.fields,
      writes: row.writes + 1,
      updatedAt: at,
    });
  }

  /** Other contents for a row, by the backend's own hand: no accepted write of ours. */
  amend(table: Table, row: Row, fields: Fields, at: number): void {
    this.change(table, row, { ...row, fields, before: row.fields, updatedAt: at });
  }

  remove(table: Table, row: Row, at: number): void {
    this.change(table, row, { ...row, before: row.fields, isGone: true, updatedAt: at });
  }

  /** Runs work that may be undone; it is, when `work` answers false. Nested ones join the outer. */
  transaction(work: () => boolean): void {
    if (this.undo !== undefined) {
      const mark = this.undo.length;
      const outer = this.undo;
      if (!work()) while (outer.length > mark) outer.pop()!();
      return;
    }
    const undo: (() => void)[] = [];
    this.undo = undo;
    try {
      if (!work()) while (undo.length > 0) undo.pop()!();
    } finally {
      this.undo = undefined;
    }
  }

  /** Keeps a definition made at run time. */
  define(object: string, definition: unknown): void {
    this.definitions.push({ object, definition });
    this.onDefine?.({ object, definition });
  }

  /** From now on remembers which rows were written, for the journal file. */
  watch(): void {
    this.touched = [];
  }

  /** The rows written since the last time; empties the list. */
  takeTouched(): Written[] {
    const touched = this.touched ?? [];
    if (this.touched !== undefined && touched.length > 0) this.touched = [];
    return touched;
  }

  /** Puts a row back as a journal file has it. */
  restore(object: string, row: Row): void {
    const table = this.table(object);
    const known = table.get(row.id);
    if (known === undefined) table.add(row);
    else table.replace(known, row);
  }

  /** Forgets every record; tables keep their indexes, and ids go on from where they were. */
  empty(): void {
    for (const [object, table] of this.tables)
      this.tables.set(object, new Table(object, table.indexedFields()));
    if (this.touched !== undefined) this.touched = [];
  }

  private change(table: Table, row: Row, next: Row): void {
    const last = { ...row };
    table.replace(row, next);
    this.undo?.push(() => table.replace(row, last));
    this.touched?.push({ object: table.object, row });
  }
}
