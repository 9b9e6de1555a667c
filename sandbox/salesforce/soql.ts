import { Unreadable } from './errors.js';

/** The longest query read, in characters: Salesforce's own limit. */
export const SOQL_CHARACTERS_MAX = 100_000;
const DEPTH_MAX = 20;

export type Literal = string | number | boolean | null;
export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE' | 'IN' | 'NOT IN';

export type Condition =
  | { kind: 'and'; parts: Condition[] }
  | { kind: 'or'; parts: Condition[] }
  | { kind: 'not'; part: Condition }
  | { kind: 'compare'; field: string; operator: Operator; values: Literal[]; column: number };

export interface Selected {
  name: string;
  /** Where it stands in the text, counted from 1. */
  column: number;
}

export interface Soql {
  text: string;
  fields: Selected[];
  children: Soql[];
  isCount: boolean;
  from: Selected;
  where: Condition | undefined;
  orderBy: { name: string; isDescending: boolean }[];
  limit: number | undefined;
  offset: number;
}

interface Token {
  text: string;
  column: number;
  /** A quoted string, with its escapes resolved. */
  quoted?: string;
}

const TOKEN = /\s+|'((?:[^'\\]|\\.)*)'|<>|<=|>=|!=|[=<>(),]|[^\s'<>=!(),]+/gy;

/** Parses the SOQL that clients send: fields, children, where, order by, limit and offset. */
export function parseSoql(text: string): Soql {
  if (text.length > SOQL_CHARACTERS_MAX)
    throw new Unreadable('QUERY_TOO_COMPLICATED', 'Query is either selecting too many fields or too long');
  const parser = new Parser(text, tokensOf(text));
  const soql = parser.select(0);
  parser.end();
  return soql;
}

class Parser {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly tokens: readonly Token[],
  ) {}

  select(depth: number): Soql {
    this.keyword('SELECT');
    const soql: Soql = {
      text: this.text,
      fields: [],
      children: [],
      isCount: false,
      from: { name: '', column: 0 },
      where: undefined,
      orderBy: [],
      limit: undefined,
      offset: 0,
    };
    do this.selected(soql, depth);
    while (this.take(','));
    this.keyword('FROM');
    soql.from = this.name();
    if (this.takeWord('WHERE')) soql.where = this.either(0);
    if (this.takeWord('ORDER')) this.orderBy(soql);
    if (this.takeWord('LIMIT')) soql.limit = this.whole();
    if (this.takeWord('OFFSET')) soql.offset = this.whole();
    return soql;
  }

  end(): void {
    if (this.at < this.tokens.length) throw unexpected(this.tokens[this.at]);
  }

  private selected(soql: Soql, depth: number): void {
    if (this.take('(')) {
      if (depth > 0) throw unexpected(this.tokens[this.at]);
      soql.children.push(this.select(depth + 1));
      this.expect(')');
      return;
    }
    const name = this.name();
    if (!this.take('(')) {
      soql.fields.push(name);
      return;
    }
    if (name.name.toLowerCase() !== 'count') throw unexpected(this.tokens[this.at - 1]);
    this.expect(')');
    soql.isCount = true;
  }

  private either(depth: number): Condition {
    const parts = [this.both(depth)];
    while (this.takeWord('OR')) parts.push(this.both(depth));
    return parts.length === 1 ? parts[0]! : { kind: 'or', parts };
  }

  private both(depth: number): Condition {
    const parts = [this.one(depth)];
    while (this.takeWord('AND')) parts.push(this.one(depth));
    return parts.length === 1 ? parts[0]! : { kind: 'and', parts };
  }

  private one(depth: number): Condition {
    if (depth > DEPTH_MAX) throw new Unreadable('MALFORMED_QUERY', 'the conditions are nested too deeply');
    if (this.takeWord('NOT')) return { kind: 'not', part: this.one(depth + 1) };
    if (this.take('(')) {
      const inner = this.either(depth + 1);
      this.expect(')');
      return inner;
    }
    const { name: field, column } = this.name();
    const operator = this.operator();
    const values = operator === 'IN' || operator === 'NOT IN' ? this.list() : [this.literal()];
    return { kind: 'compare', field, operator, values, column };
  }

  private operator(): Operator {
    if (this.takeWord('NOT')) {
      this.keyword('IN');
      return 'NOT IN';
    }
    const token = this.next();
    const word = token.text.toUpperCase();
    if (word === '<>') return '!=';
    if (['=', '!=', '<', '<=', '>', '>=', 'LIKE', 'IN'].includes(word)) return word as Operator;
    throw unexpected(token);
  }

  private list(): Literal[] {
    this.expect('(');
    const values: Literal[] = [];
    do values.push(this.literal());
    while (this.take(','));
    this.expect(')');
    return values;
  }

  private literal(): Literal {
    const token = this.next();
    if (token.quoted !== undefined) return token.quoted;
    const word = token.text.toLowerCase();
    if (word === 'null') return null;
    if (word === 'true' || word === 'false') return word === 'true';
    if (/^[+-]?\d+(\.\d+)?$/.test(word)) return Number(word);
    if (/^\d{4}-\d\d-\d\d(t[\d:.]+(z|[+-]\d\d:?\d\d))?$/.test(word)) return token.text;
    throw unexpected(token);
  }

  private orderBy(soql: Soql): void {
    this.keyword('BY');
    do {
      const { name } = this.name();
      const isDescending = this.takeWord('DESC');
      if (!isDescending) this.takeWord('ASC');
      if (this.takeWord('NULLS') && !this.takeWord('FIRST')) this.keyword('LAST');
      soql.orderBy.push({ name, isDescending });
    } while (this.take(','));
  }

  private whole(): number {
    const token = this.next();
    if (!/^\d{1,9}$/.test(token.text)) throw unexpected(token);
    return Number(token.text);
  }

  private name(): Selected {
    const token = this.next();
    if (token.quoted !== undefined || !/^[a-z_][\w.]*$/i.test(token.text)) throw unexpected(token);
    return { name: token.text, column: token.column };
  }

  private next(): Token {
    const token = this.tokens[this.at];
    if (token === undefined) throw unexpected(undefined);
    this.at += 1;
    return token;
  }

  private take(text: string): boolean {
    const token = this.tokens[this.at];
    if (token?.text !== text || token.quoted !== undefined) return false;
    this.at += 1;
    return true;
  }

  private takeWord(word: string): boolean {
    const token = this.tokens[this.at];
    if (token?.quoted !== undefined || token?.text.toUpperCase() !== word) return false;
    this.at += 1;
    return true;
  }

  private expect(text: string): void {
    if (!this.take(text)) throw unexpected(this.tokens[this.at]);
  }

  private keyword(word: string): void {
    if (!this.takeWord(word)) throw unexpected(this.tokens[this.at]);
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const found = TOKEN.exec(text);
    if (found === null) throw new Unreadable('MALFORMED_QUERY', `unexpected character at column ${at + 1}`);
    if (found[0].trim() === '') continue;
    const token: Token = { text: found[0], column: at + 1 };
    if (found[1] !== undefined) token.quoted = unescaped(found[1]);
    tokens.push(token);
  }
  return tokens;
}

function unescaped(text: string): string {
  const named: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };
  return text.replace(/\\(.)/gs, (_, character: string) => named[character.toLowerCase()] ?? character);
}

function unexpected(token: Token | undefined): Unreadable {
  return new Unreadable('MALFORMED_QUERY', `unexpected token: ${token?.text ?? '<EOF>'}`);
}
