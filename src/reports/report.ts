import type pg from 'pg';

/** A table of results: what every rendering starts from. */
export interface ReportTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

export interface Report {
  readonly name: string;
  readonly title: string;
  /** Read-only SQL, in one transaction that sees one snapshot. */
  readonly query: (client: pg.ClientBase, eventId: string | null) => Promise<ReportTable>;
}
