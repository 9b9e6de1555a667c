/**
 * The text of code for what an expression usually meets: texts where the contract says text, attributes that are there
 * or are not. It is a quicker way to a value, not a second meaning:
 * 1. What is not usual (another kind of value, a long text) leaves by `break`, before anything was paid for, and the
 *    closure of the expression begins anew: the rules of the language stand there, and only there.
 * 2. Each part is evaluated where and as often as the closure evaluates it; what has a price behind a choice has no
 *    code here. Fuel that is the same for every usual value is counted while this is written and paid at once.
 * 3. Functions, and the texts and numbers of a mapping, come as values; names of attributes, each an identifier, are
 *    all that goes into the text.
 */
import { pathOf, isPlainName } from './compile-reads.js';
import { isConsentGranted } from './consent.js';
import { typeOf, type Node } from './expression-language.js';
import type { Scope } from './scope.js';
import { addends, literalText } from './syntax-tree.js';
import { lowerAscii, trimmed, upperAscii } from './text-functions.js';
import { charactersPerStep, textLengthMax } from './value.js';
import type { RecordReads } from './record-reads.js';

/** Code that gives a value and changes nothing. */
export interface Piece {
  readonly code: string;
  readonly kind: 'text' | 'bool' | 'any';
  /** Where it is the same for every record. */
  readonly literal?: string | number | boolean | null;
}

/** Methods of a text alone that cannot fail. They cost one step where the text is walked in one. */
const plainMethods: ReadonlyMap<string, (text: string) => string> = new Map([
  ['trim', trimmed],
  ['lowerAscii', lowerAscii],
  ['upperAscii', upperAscii],
]);

const isName = /^\w+$/;
type Binary = readonly [Node, Node];

/** One expression. */
export class UsualCode {
  /** Before the piece is read, in order. */
  readonly statements: string[] = [];
  /** Steps that every usual value costs. */
  steps = 0;
  private asksConsent = false;

  constructor(
    private readonly reads: RecordReads,
    private readonly scope: Scope,
    /** The block that is left where a value is not usual. */
    private readonly block: string,
  ) {}

  /** Null where the closure does it. */
  write(node: Node): Piece | null {
    const piece = this.piece(node);
    // The list of consents has a price: what was asked must not be asked again by the closure.
    return this.asksConsent && this.statements.length > 0 ? null : piece;
  }

  private piece(node: Node): Piece | null {
    switch (node.op) {
      case 'value':
        return this.literal(node.args);
      case 'id':
        return this.name(node);
      case '.':
        return this.attribute(node);
      case '+':
        return typeOf(node) === 'string' ? this.joined(addends(node)) : null;
      case '==':
      case '!=':
        return this.comparison(node.op, node.args);
      case '!_':
        return this.negation(node.args);
      case '&&':
      case '||':
        return this.logical(node.op, node.args);
      case '?:':
        return this.choice(node.args);
      case 'call':
        return this.call(node.args[0], node.args[1]);
      case 'rcall':
        return this.method(node.args[0], node.args[1], node.args[2]);
      default:
        return null;
    }
  }

  private literal(value: unknown): Piece | null {
    const literal = typeof value === 'bigint' ? Number(value) : value;
    if (typeof literal === 'string') return { code: this.reads.give(literal), kind: 'text', literal };
    if (typeof literal === 'boolean') return { code: this.reads.give(literal), kind: 'bool', literal };
    if (typeof literal !== 'number' && literal !== null) return null;
    return { code: this.reads.give(literal), kind: 'any', literal };
  }

  /** A name of `let` is computed once per record, so that asking again costs nothing. */
  private name(node: Extract<Node, { op: 'id' }>): Piece | null {
    const bound = this.scope.slots.get(node.args);
    return bound ? this.held(`${this.reads.give(bound)}(frame)`, 'any') : this.path(node);
  }

  private path(node: Node): Piece | null {
    const names = pathOf(node, this.scope);
    return names && { code: this.reads.value(names), kind: 'any' };
  }

  private attribute(node: Extract<Node, { op: '.' }>): Piece | null {
    const path = this.path(node);
    const [target, name] = node.args;
    if (path || !isPlainName(name)) return path;
    const whole = this.piece(target);
    if (!whole) return null;
    const holder = this.reads.local();
    this.statements.push(...this.reads.holder(holder, whole.code, `break ${this.block}`));
    return this.held(`${holder}.${name}`, 'any');
  }

  private joined(nodes: readonly Node[]): Piece | null {
    const codes: string[] = [];
    for (const node of nodes) {
      const piece = this.piece(node);
      if (!piece || (piece.literal !== undefined && piece.kind !== 'text')) return null;
      codes.push(this.text(piece));
    }
    const whole = this.held(codes.join(' + '), 'text');
    this.require(`${whole.code}.length <= ${textLengthMax}`);
    return whole;
  }

  /** Nothing but itself equals a text, a number, true, false or null. */
  private comparison(op: '==' | '!=', [left, right]: Binary): Piece | null {
    const [a, b] = [this.piece(left), this.piece(right)];
    if (!a || !b || (a.literal === undefined) === (b.literal === undefined)) return null;
    return { code: `(${a.code} ${op}= ${b.code})`, kind: 'bool' };
  }

  private negation(operand: Node): Piece | null {
    const piece = this.piece(operand);
    return piece?.kind === 'bool' ? { code: `!${piece.code}`, kind: 'bool' } : null;
  }

  /** Where one side decides alone a fault of the other is forgiven: a side that could fail has no code. */
  private logical(op: '&&' | '||', [left, right]: Binary): Piece | null {
    const [a, b] = [this.freely(left), this.freely(right)];
    if (a?.kind !== 'bool' || b?.kind !== 'bool') return null;
    return { code: `(${a.code} ${op} ${b.code})`, kind: 'bool' };
  }

  private choice([condition, yes, no]: readonly [Node, Node, Node]): Piece | null {
    const test = this.piece(condition);
    const [a, b] = [this.freely(yes), this.freely(no)];
    if (test?.kind !== 'bool' || !a || !b) return null;
    return { code: `(${test.code} ? ${a.code} : ${b.code})`, kind: a.kind === b.kind ? a.kind : 'any' };
  }

  private call(name: string, args: readonly Node[]): Piece | null {
    if (name === 'has') {
      const piece = args[0] ? this.piece(args[0]) : null;
      return piece && { code: `(${piece.code} !== undefined)`, kind: 'bool' };
    }
    if (name !== 'coalesce') return null;
    const pieces = args.map((arg, i) => (i === 0 ? this.piece(arg) : this.freely(arg)));
    const codes = pieces.flatMap((piece) => piece?.code ?? []);
    return codes.length === args.length ? { code: `(${codes.join(' ?? ')})`, kind: 'any' } : null;
  }

  private method(name: string, receiver: Node, args: readonly Node[]): Piece | null {
    const purpose = literalText(args[0]);
    if (name === 'granted' && receiver.op === 'id' && receiver.args === 'consent' && purpose !== null) {
      this.asksConsent = true;
      const code = `${this.reads.give(isConsentGranted)}(frame, ${this.reads.give(purpose)})`;
      return { code, kind: 'bool' };
    }
    const method = plainMethods.get(name);
    const piece = method ? this.piece(receiver) : null;
    if (!method || !piece) return null;
    const text = this.text(piece);
    this.require(`${text}.length < ${charactersPerStep}`);
    this.steps++;
    return this.held(`${this.reads.give(method)}(${text})`, 'text');
  }

  /** Without a statement or a price of its own: evaluated or not, nothing differs. */
  private freely(node: Node): Piece | null {
    const before = this.statements.length;
    const piece = this.piece(node);
    return this.statements.length === before ? piece : null;
  }

  private text(piece: Piece): string {
    if (piece.kind === 'text') return piece.code;
    const { code } = this.held(piece.code, 'any');
    this.require(`typeof ${code} === 'string'`);
    return code;
  }

  private require(test: string): void {
    this.statements.push(`if (!(${test})) break ${this.block};`);
  }

  private held(code: string, kind: Piece['kind']): Piece {
    if (isName.test(code)) return { code, kind };
    const local = this.reads.local();
    this.statements.push(`const ${local} = ${code};`);
    return { code: local, kind };
  }
}
