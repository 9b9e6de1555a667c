export type Value = string | number | boolean | null;
export type Fields = Record<string, Value>;

/** A stored record. `fields` is replaced on every write and never changed in place. */
export interface Row {
  id: string;
  /** The key the last upsert named it by. */
  key: string | null;
  fields: Fields;
  /** The fields before the last write: what a lagging search index still shows. */
  before: Fields | null;
  /** Accepted writes. */
  writes: number;
  createdAt: number;
  updatedAt: number;
  isGone: boolean;
}

/** What a record would be that is answered and not kept. */
export function unkept(id: string, fields: Fields, at: number): Row {
  return { id, key: null, fields, before: null, writes: 0, createdAt: at, updatedAt: at, isGone: false };
}

/** How an index compares values: both vendors ignore case in keys. */
export function ignoringCase(value: Value): string {
  return String(value).toLowerCase();
}

/** The records of one object, with indexes on the fields that records are found by. */
export class Table {
  readonly rows: Row[] = [];
  private readonly byId = new Map<string, Row>();
  private readonly indexes = new Map<string, Map<string, Row | Row[]>>();
  private readonly indexed: string[] = [];
  private live = 0;

  constructor(
    readonly object: string,
    indexed: Iterable<string>,
  ) {
    for (const field of indexed) this.index(field);
  }

  get(id: string): Row | undefined {
    return this.byId.get(id);
  }

  liveCount(): number {
    return this.live;
  }

  indexedFields(): readonly string[] {
    return this.indexed;
  }

  hasIndex(field: string): boolean {
    return this.indexes.has(field);
  }

  /** Live rows whose field has that value, compared without case; the field must be indexed. */
  find(field: string, value: Value): Row[] {
    const found = this.indexes.get(field)?.get(ignoringCase(value));
    return found === undefined ? [] : Array.isArray(found) ? found : [found];
  }

  /** The first of `find`, without an array made for it. */
  findOne(field: string, value: Value): Row | undefined {
    const found = this.indexes.get(field)?.get(ignoringCase(value));
    return Array.isArray(found) ? found[0] : found;
  }

  /** Adds an index to a table that may hold rows already. */
  index(field: string): void {
    if (this.indexes.has(field)) return;
    this.indexes.set(field, new Map());
    this.indexed.push(field);
    for (const row of this.rows) if (!row.isGone) this.enter(field, row);
  }

  add(row: Row): void {
    this.rows.push(row);
    this.byId.set(row.id, row);
    if (row.isGone) return;
    this.live += 1;
    for (const field of this.indexed) this.enter(field, row);
  }

  /** Puts other contents into a row and moves it in the indexes that changed. */
  replace(row: Row, next: Omit<Row, 'id'>): void {
    const last = { fields: row.fields, isGone: row.isGone };
    Object.assign(row, next);
    if (last.isGone !== row.isGone) this.live += row.isGone ? -1 : 1;
    for (const field of this.indexed) {
      const hasMoved = last.isGone !== row.isGone || last.fields[field] !== row.fields[field];
      if (!hasMoved) continue;
      if (!last.isGone) this.leave(field, row, last.fields[field]);
      if (!row.isGone) this.enter(field, row);
    }
  }

  /** Takes a row out as if it had never been: for a rollback only. */
  forget(row: Row): void {
    if (!row.isGone) {
      this.live -= 1;
      for (const field of this.indexed) this.leave(field, row, row.fields[field]);
    }
    this.byId.delete(row.id);
    const position = this.rows.lastIndexOf(row);
    if (position >= 0) this.rows.splice(position, 1);
  }

  private enter(field: string, row: Row): void {
    const value = row.fields[field];
    if (value === undefined || value === null) return;
    const index = this.indexes.get(field)!;
    const entry = ignoringCase(value);
    const found = index.get(entry);
    if (found === undefined) index.set(entry, row);
    else if (Array.isArray(found)) found.push(row);
    else index.set(entry, [found, row]);
  }

  private leave(field: string, row: Row, value: Value | undefined): void {
    if (value === undefined || value === null) return;
    const index = this.indexes.get(field)!;
    const entry = ignoringCase(value);
    const found = index.get(entry);
    if (found === row) index.delete(entry);
    else if (Array.isArray(found)) {
      const rest = found.filter((other) => other !== row);
      if (rest.length > 1) index.set(entry, rest);
      else if (rest[0] === undefined) index.delete(entry);
      else index.set(entry, rest[0]);
    }
  }
}
