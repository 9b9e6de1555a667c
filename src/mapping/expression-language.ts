/**
 * The one file that knows cel-js: it parses and type-checks; nothing is ever evaluated by it. After a check every
 * node carries its type (`checkedType`), which its typings leave out.
 */
import { Environment, ParseError, TypeError as CelTypeError, type ASTNode } from '@marcbachmann/cel-js';
import { decimalType } from './function-spec.js';
import { functions, methods } from './functions.js';
import type { StreamContract } from './stream-contracts.js';

export type Node = ASTNode;

/** The type of a checked node, in the checker's notation; `dyn` where it is only known at run time. */
export function typeOf(node: Node): string {
  return (node as Node & { checkedType?: { name: string } }).checkedType?.name ?? 'dyn';
}

export interface Checked {
  readonly node: Node;
  readonly type: string;
}

export interface ExpressionFault {
  /** cel-js's own code. */
  readonly code: string;
  readonly summary: string;
  readonly start: number;
  readonly end: number;
  readonly node: Node | null;
}

export type CheckResult =
  { readonly ok: true; readonly checked: Checked } | { readonly ok: false; readonly fault: ExpressionFault };

/** What a comprehension of ours gives back: an element of its list, the list itself, or what its expression gives. */
const comprehensions: ReadonlyMap<string, 'element' | 'list' | 'value'> = new Map([
  ['maxBy', 'element'],
  ['minBy', 'element'],
  ['sortBy', 'list'],
  ['sum', 'value'],
  ['min', 'value'],
  ['max', 'value'],
]);

const consentType = 'Consents';
const targetType = 'Target';

/** Fewer than the specification asks for: a mapping's expression is a line, not a program. */
const limits = {
  maxAstNodes: 2_000,
  maxDepth: 40,
  maxListElements: 500,
  maxMapEntries: 500,
  maxCallArguments: 8,
};

const languages = new WeakMap<StreamContract, ExpressionLanguage>();

export class ExpressionLanguage {
  private constructor(private readonly environment: Environment) {}

  /** Made once per stream: an environment is dear, a clone of one is cheap. */
  static of(contract: StreamContract): ExpressionLanguage {
    const known = languages.get(contract);
    if (known) return known;
    const language = new ExpressionLanguage(ExpressionLanguage.environmentOf(contract));
    languages.set(contract, language);
    return language;
  }

  private static environmentOf(contract: StreamContract): Environment {
    const environment = new Environment({ limits });
    for (const [name, attributes] of Object.entries(contract.types)) {
      const fields = Object.fromEntries(Object.entries(attributes).map(([key, { type }]) => [key, type]));
      environment.registerType(name, { fields });
    }
    for (const [name, { type }] of Object.entries(contract.variables))
      environment.registerVariable(name, type);
    registerConsent(environment);
    registerFunctions(environment);
    registerComprehensions(environment);
    return environment;
  }

  /** The same language for one mapping, which may declare names of its own. */
  forMapping(): ExpressionLanguage {
    return new ExpressionLanguage(this.environment.clone());
  }

  /** A name of `let`, for all expressions that are checked from now on. */
  declare(name: string, type: string): void {
    this.environment.registerVariable(name, type);
  }

  check(text: string): CheckResult {
    try {
      const parsed = this.environment.parse(text);
      const result = parsed.check();
      if (result.valid) return { ok: true, checked: { node: parsed.ast, type: result.type ?? 'dyn' } };
      return { ok: false, fault: faultFrom(result.error, text) };
    } catch (error) {
      return { ok: false, fault: faultFrom(error, text) };
    }
  }
}

function registerConsent(environment: Environment): void {
  environment.registerType(consentType, { fields: {} });
  environment.registerVariable('consent', consentType);
  environment.registerFunction(`${consentType}.granted(string): bool`, neverCalled);
}

function registerFunctions(environment: Environment): void {
  environment.registerType(decimalType, { fields: {} });
  for (const operator of ['+', '-', '*']) {
    environment.registerOperator(`${decimalType} ${operator} ${decimalType}`, neverCalled);
  }
  for (const operator of ['==', '<', '<=', '>', '>=']) {
    environment.registerOperator(`${decimalType} ${operator} ${decimalType}: bool`, neverCalled);
  }
  environment.registerOperator(`-${decimalType}`, neverCalled);
  environment.registerType(targetType, { fields: { id: 'string' } });
  environment.registerFunction(`target(string): ${targetType}`, neverCalled);
  environment.registerFunction('lookup(string, string): string', neverCalled);
  for (const spec of [...functions.values(), ...methods.values()]) {
    for (const signature of spec.signatures) environment.registerFunction(signature, neverCalled);
  }
  // Any attribute may be null in a record, so any may be compared with it.
  for (const type of ['string', 'int', 'double', 'bool', decimalType]) {
    environment.registerOperator(`${type} == null`, neverCalled);
  }
  for (let count = 1; count <= limits.maxCallArguments; count++) {
    environment.registerFunction(`coalesce(${Array<string>(count).fill('A').join(', ')}): A`, neverCalled);
  }
}

/** cel-js lets a macro check itself: the loop's variable gets the element's type, so `maxBy` keeps what it chose from. */
function registerComprehensions(environment: Environment): void {
  for (const [name, gives] of comprehensions) {
    environment.registerFunction(`list.${name}(ast, ast): dyn`, (({ ast, args, receiver }: MacroCall) => ({
      ast,
      args,
      receiver,
      typeCheck: (checker: MacroChecker, macro: MacroCall, context: MacroContext) => {
        const [variable, body] = macro.args;
        if (variable.op !== 'id') {
          throw checker.createError(
            'invalid_macro_argument',
            `${name}() needs a name first: ${name}(r, …)`,
            variable,
          );
        }
        const list = checker.check(macro.receiver, context);
        const element = list.kind === 'list' ? list.valueType : list;
        const value = checker.check(body, context.forkWithVariable(variable.args, element));
        return { element, list, value }[gives];
      },
      evaluate: neverCalled,
    })) as never);
  }
}

interface MacroCall {
  readonly ast: Node;
  readonly args: readonly [Node, Node];
  readonly receiver: Node;
}
interface MacroType {
  readonly kind: string;
  readonly valueType: MacroType;
}
interface MacroContext {
  forkWithVariable(name: string, type: MacroType): MacroContext;
}
interface MacroChecker {
  check(node: Node, context: MacroContext): MacroType;
  createError(code: string, message: string, node: Node): Error;
}

function neverCalled(): never {
  throw new Error('cel-js checks expressions; it does not run them');
}

function faultFrom(error: unknown, text: string): ExpressionFault {
  if (error instanceof ParseError || error instanceof CelTypeError) {
    const { start, end } = error.range ?? { start: 0, end: text.length };
    const node = error.node && 'op' in error.node ? (error.node as Node) : null;
    return { code: error.code, summary: error.summary, start, end, node };
  }
  const summary = error instanceof Error ? error.message : 'cannot be read';
  return { code: 'unreadable', summary, start: 0, end: text.length, node: null };
}
