/** What the code of a mapping reads of a record, each attribute once, and the values that come into it. */
export class RecordReads {
  /** In order; they leave by `return null` where the record is not made of plain objects. */
  readonly statements: string[] = [];
  readonly given: unknown[] = [];
  private readonly values = new Map<string, string>();
  private readonly holders = new Map<string, string>();
  private locals = 0;

  /** The name under which a value comes in. */
  give(value: unknown): string {
    const known = this.given.indexOf(value);
    return `g${known < 0 ? this.given.push(value) - 1 : known}`;
  }

  local(): string {
    return `l${this.locals++}`;
  }

  /** The name that holds the value of a path; every part is an identifier that nothing inherits. */
  value(names: readonly string[]): string {
    const path = names.join('.');
    const known = this.values.get(path);
    if (known) return known;
    const whole = names.length === 1 ? 'snapshot' : this.holderOf(names.slice(0, -1));
    const local = this.local();
    this.statements.push(`const ${local} = ${whole}.${names.at(-1)};`);
    this.values.set(path, local);
    return local;
  }

  /** Reading on from nothing gives nothing; what is no plain object has rules of its own. */
  holder(local: string, value: string, leave: string): string[] {
    return [
      `let ${local} = ${value};`,
      `if (${local} === undefined || ${local} === null) ${local} = nothing;`,
      `else if (${local}.constructor !== Object) ${leave};`,
    ];
  }

  private holderOf(names: readonly string[]): string {
    const path = names.join('.');
    const known = this.holders.get(path);
    if (known) return known;
    const value = this.value(names);
    const local = this.local();
    this.statements.push(...this.holder(local, value, 'return null'));
    this.holders.set(path, local);
    return local;
  }
}
