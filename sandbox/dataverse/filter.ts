import type { Row, Value } from '../store/table.js';
import { unknown } from './errors.js';
import { type Token, tokensOf } from './filter-tokens.js';
import type { EntitySet } from './organisation.js';
import { valueOf } from './render.js';

/** A `$filter` that was read: what it lets through, and the rows that come into question where an index knows them. */
export interface Filter {
  test: (row: Row) => boolean;
  candidates?: () => Row[];
}

type Compare = (left: Value, right: Value) => boolean;
const COMPARISONS: Record<string, Compare> = {
  eq: (left, right) => folded(left) === folded(right),
  ne: (left, right) => folded(left) !== folded(right),
  gt: (left, right) => left !== null && right !== null && folded(left)! > folded(right)!,
  ge: (left, right) => left !== null && right !== null && folded(left)! >= folded(right)!,
  lt: (left, right) => left !== null && right !== null && folded(left)! < folded(right)!,
  le: (left, right) => left !== null && right !== null && folded(left)! <= folded(right)!,
};
const TEXT_TESTS: Record<string, (value: string, wanted: string) => boolean> = {
  contains: (value, wanted) => value.includes(wanted),
  startswith: (value, wanted) => value.startsWith(wanted),
  endswith: (value, wanted) => value.endsWith(wanted),
};
const IN = 'Microsoft.Dynamics.CRM.In';
/** Nested parentheses beyond this are refused, as any parser would at some depth. */
const DEPTH_MAX = 100;

/** Reads a `$filter`: comparisons, text functions, In, and, or, not, parentheses. */
export function readFilter(set: EntitySet, source: string): Filter {
  return new Reader(set, source).whole();
}

class Reader {
  private readonly tokens: Token[];
  private at = 0;
  private depth = 0;

  constructor(
    private readonly set: EntitySet,
    private readonly source: string,
  ) {
    this.tokens = tokensOf(source);
  }

  whole(): Filter {
    const filter = this.either();
    if (this.at < this.tokens.length) throw this.wrong();
    return filter;
  }

  private either(): Filter {
    const left = this.both();
    if (!this.take('or')) return left;
    const right = this.either();
    const { candidates: ours } = left;
    const { candidates: theirs } = right;
    return {
      test: (row) => left.test(row) || right.test(row),
      ...(ours && theirs ? { candidates: () => [...new Set([...ours(), ...theirs()])] } : {}),
    };
  }

  private both(): Filter {
    const left = this.single();
    if (!this.take('and')) return left;
    const right = this.both();
    const candidates = left.candidates ?? right.candidates;
    return { test: (row) => left.test(row) && right.test(row), ...(candidates ? { candidates } : {}) };
  }

  private single(): Filter {
    this.depth += 1;
    if (this.depth > DEPTH_MAX) throw unknown(400, 'The node count limit of the query has been exceeded.');
    try {
      if (this.take('not')) {
        const inner = this.single();
        return { test: (row) => !inner.test(row) };
      }
      if (this.take('(')) {
        const inner = this.either();
        this.demand(')');
        return inner;
      }
      return this.condition();
    } finally {
      this.depth -= 1;
    }
  }

  private condition(): Filter {
    const name = this.word();
    const textTest = TEXT_TESTS[name];
    if (textTest !== undefined && this.take('(')) return this.textCondition(textTest);
    if (name === IN && this.take('(')) return this.inCondition();
    const property = this.property(name);
    const compare = COMPARISONS[this.word()];
    if (compare === undefined) throw this.wrong();
    const wanted = this.literal();
    const test = (row: Row) => compare(valueOf(this.set, row, property), wanted);
    if (compare !== COMPARISONS.eq || wanted === null) return { test };
    return { test, ...this.indexed(property, [wanted]) };
  }

  private textCondition(textTest: (value: string, wanted: string) => boolean): Filter {
    const property = this.property(this.word());
    this.demand(',');
    const wanted = String(this.literal()).toLowerCase();
    this.demand(')');
    return {
      test: (row) => textTest(String(valueOf(this.set, row, property) ?? '').toLowerCase(), wanted),
    };
  }

  /** `Microsoft.Dynamics.CRM.In(PropertyName='foyer_personid',PropertyValues=['a','b'])` */
  private inCondition(): Filter {
    this.demand('PropertyName');
    this.demand('=');
    const property = this.property(String(this.literal()));
    this.demand(',');
    this.demand('PropertyValues');
    this.demand('=');
    this.demand('[');
    const values: Value[] = [];
    while (!this.take(']')) {
      values.push(this.literal());
      this.take(',');
    }
    this.demand(')');
    const wanted = new Set(values.map((value) => String(folded(value))));
    return {
      test: (row) => wanted.has(String(folded(valueOf(this.set, row, property)))),
      ...this.indexed(property, values),
    };
  }

  private indexed(property: string, values: Value[]): { candidates?: () => Row[] } {
    const { definition } = this.set;
    if (property === definition.id)
      return {
        candidates: () =>
          values
            .map((value) => this.set.rows.get(String(value).toLowerCase()))
            .filter((row) => row !== undefined && !row.isGone) as Row[],
      };
    if (!this.set.rows.hasIndex(property)) return {};
    return { candidates: () => values.flatMap((value) => this.set.rows.find(property, value)) };
  }

  private property(name: string): string {
    if (this.set.columns.has(name)) return name;
    throw unknown(
      400,
      `Could not find a property named '${name}' on type 'Microsoft.Dynamics.CRM.${this.set.definition.name}'.`,
    );
  }

  private literal(): Value {
    const token = this.tokens[this.at];
    if (token === undefined || token.kind === 'sign') throw this.wrong();
    this.at += 1;
    if (token.kind === 'text') return token.text;
    if (token.text === 'null') return null;
    if (token.text === 'true' || token.text === 'false') return token.text === 'true';
    if (/^-?\d+(\.\d+)?$/.test(token.text)) return Number(token.text);
    if (/^[\da-f]{8}-[\da-f-]{27}$/i.test(token.text)) return token.text.toLowerCase();
    if (/^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$/.test(token.text))
      return token.text.includes('T') ? `${new Date(token.text).toISOString().slice(0, 19)}Z` : token.text;
    throw this.wrong();
  }

  private word(): string {
    const token = this.tokens[this.at];
    if (token?.kind !== 'word') throw this.wrong();
    this.at += 1;
    return token.text;
  }

  private take(text: string): boolean {
    const token = this.tokens[this.at];
    if (token === undefined || token.kind === 'text' || token.text !== text) return false;
    this.at += 1;
    return true;
  }

  private demand(text: string): void {
    if (!this.take(text)) throw this.wrong();
  }

  private wrong() {
    const position = this.tokens[this.at]?.at ?? this.source.length;
    return unknown(400, `Syntax error at position ${position} in '${this.source.slice(0, 200)}'.`);
  }
}

function folded(value: Value): string | number | boolean | null {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
