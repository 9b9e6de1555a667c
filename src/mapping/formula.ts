/** A condition as a function of the things it asks, so that all its answers can be tried. */
import type { Node } from './expression-language.js';
import type { Attribute } from './stream-contracts.js';

type Literal = string | number | boolean | null;
/** By the text of what is asked; `undefined` stands for absent. */
type Values = ReadonlyMap<string, Literal | undefined>;
export type Test = (values: Values) => boolean;

interface Asked {
  readonly node: Node;
  readonly literals: Set<Literal>;
  isOrdered: boolean;
}

const combinationsMax = 4_096;
/** Something that no mapping file says. */
const somethingElse = '\u0000something else';

export class Formula {
  private readonly asked = new Map<string, Asked>();

  constructor(
    private readonly text: string,
    private readonly attributeOf: (node: Node) => Attribute | null,
  ) {}

  of(node: Node): Test {
    switch (node.op) {
      case '&&': {
        const [left, right] = [this.of(node.args[0]), this.of(node.args[1])];
        return (values) => left(values) && right(values);
      }
      case '||': {
        const [left, right] = [this.of(node.args[0]), this.of(node.args[1])];
        return (values) => left(values) || right(values);
      }
      case '!_': {
        const test = this.of(node.args);
        return (values) => !test(values);
      }
      case '==':
      case '!=':
      case '<':
      case '<=':
      case '>':
      case '>=':
        return this.comparison(node.op, node.args[0], node.args[1], node);
      case 'in':
        return this.membership(node.args[0], node.args[1], node);
      default:
        return this.atom(node);
    }
  }

  /** Every combination of the values that can make a difference; none where there are too many. */
  *combinations(): Generator<Values> {
    const domains = [...this.asked].map(([key, asked]) => [key, this.domainOf(asked)] as const);
    const count = domains.reduce((product, [, domain]) => product * domain.length, 1);
    if (count > combinationsMax) return;
    for (let i = 0; i < count; i++) {
      let rest = i;
      const values = new Map<string, Literal | undefined>();
      for (const [key, domain] of domains) {
        values.set(key, domain[rest % domain.length]);
        rest = Math.floor(rest / domain.length);
      }
      yield values;
    }
  }

  private comparison(op: string, left: Node, right: Node, node: Node): Test {
    const [a, b] = [literalOf(left), literalOf(right)];
    if (a && b) return () => compared(op, a.value, b.value);
    if (b) {
      const key = this.ask(left, [b.value], op);
      return (values) => compared(op, values.get(key), b.value);
    }
    if (a) {
      const key = this.ask(right, [a.value], op);
      return (values) => compared(op, a.value, values.get(key));
    }
    if (this.textOf(left) === this.textOf(right)) return () => ['==', '<=', '>='].includes(op);
    return this.atom(node);
  }

  private membership(item: Node, list: Node, node: Node): Test {
    if (list.op !== 'list' || literalOf(item)) return this.atom(node);
    const literals = list.args.map(literalOf);
    if (literals.some((literal) => literal === null)) return this.atom(node);
    const wanted = literals.map((literal) => literal!.value);
    const key = this.ask(item, wanted, '==');
    return (values) => wanted.some((value) => compared('==', values.get(key), value));
  }

  private atom(node: Node): Test {
    const literal = literalOf(node);
    if (literal) return () => literal.value === true;
    const key = this.ask(node, [true, false], '==');
    return (values) => values.get(key) === true;
  }

  private ask(node: Node, literals: readonly Literal[], op: string): string {
    const key = this.textOf(node);
    const asked = this.asked.get(key) ?? { node, literals: new Set<Literal>(), isOrdered: false };
    for (const literal of literals) asked.literals.add(literal);
    if (op !== '==' && op !== '!=') asked.isOrdered = true;
    this.asked.set(key, asked);
    return key;
  }

  private domainOf({ node, literals, isOrdered }: Asked): (Literal | undefined)[] {
    const attribute = this.attributeOf(node);
    const known = [...literals];
    const absent = attribute?.optional && !isOrdered ? [undefined, null] : [];
    if (attribute?.values && !isOrdered)
      return [...new Set<Literal | undefined>([...attribute.values, ...absent])];
    if (known.every((literal) => typeof literal === 'boolean')) return [true, false];
    const numbers = known.filter((literal) => typeof literal === 'number').sort((a, b) => a - b);
    const around = numbers.flatMap((number, i) => [number, ((numbers[i + 1] ?? number + 2) + number) / 2]);
    const below = numbers.length > 0 ? [numbers[0]! - 1] : [];
    const least = isCount(node) ? 0 : -Infinity;
    const texts = known.filter((literal) => typeof literal === 'string');
    const between = isOrdered ? texts.flatMap((text) => [text, `${text}\u0001`]) : texts;
    const nulls = known.includes(null) ? [null] : [];
    const others =
      texts.length > 0 ? (isOrdered ? [''] : [somethingElse]) : numbers.length > 0 ? [] : [somethingElse];
    return [
      ...new Set<Literal | undefined>([
        ...[...below, ...around].filter((number) => number >= least),
        ...between,
        ...nulls,
        ...others,
        ...absent,
      ]),
    ];
  }

  private textOf(node: Node): string {
    return this.text.slice(node.start, node.end);
  }
}

function literalOf(node: Node): { readonly value: Literal } | null {
  if (node.op === '-_') {
    const inner = literalOf(node.args);
    return typeof inner?.value === 'number' ? { value: -inner.value } : null;
  }
  if (node.op !== 'value') return null;
  const value: unknown = node.args;
  if (typeof value === 'bigint') return { value: Number(value) };
  const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value);
  return isPlain ? { value: value as Literal } : null;
}

function isCount(node: Node): boolean {
  return (node.op === 'rcall' || node.op === 'call') && node.args[0] === 'size';
}

function compared(op: string, a: Literal | undefined, b: Literal | undefined): boolean {
  if (op === '==') return a === b;
  if (op === '!=') return a !== b;
  if (a === undefined || a === null || b === undefined || b === null || typeof a !== typeof b) return false;
  return op === '<' ? a < b : op === '<=' ? a <= b : op === '>' ? a > b : a >= b;
}
