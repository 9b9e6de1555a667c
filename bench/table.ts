import os from 'node:os';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** Machine's load when it was measured: a figure of a busy machine says so. */
  readonly load: number;
}

export function table(title: string, columns: readonly string[], rows: Table['rows']): Table {
  return { title, columns, rows, load: os.loadavg()[0]! };
}

export function render({ title, columns, rows, load }: Table): string {
  const cells = [columns, ...rows].map((row) => row.map(shown));
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  const [head, ...body] = cells;
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [
    `${title}  (load ${load.toFixed(1)} on ${os.cpus().length} cores)`,
    '',
    line(head!),
    rule,
    ...body.map(line),
    '',
  ].join('\n');
}

function shown(cell: string | number): string {
  if (typeof cell === 'string') return cell;
  return cell >= 100 ? Math.round(cell).toLocaleString('en') : cell.toFixed(1);
}
