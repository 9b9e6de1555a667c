/**
 * The places where a closure would be several times slower than code written for the names at hand: reading a
 * path of attributes, running the fields one by one, making the object of fields. Only numbers and names go into the text, each proved to be an identifier
 * or written as a JSON string, so nothing of a mapping file or a record is ever run as code. Where a process forbids
 * code from strings, closures do the same.
 */

type Code = (...parts: never[]) => unknown;

const identifier = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

export function isIdentifier(name: string): boolean {
  return identifier.test(name) && name !== '__proto__';
}

type Holder = { readonly snapshot: object };
const readers = new Map<
  string,
  ((slow: (holder: Holder) => unknown) => (holder: Holder) => unknown) | null
>();

/**
 * Reads `snapshot.a.b` as far as it is there, else asks `slow`. The caller has proved that the names are identifiers
 * and that nothing a record holds inherits them.
 */
export function pathReader(
  names: readonly string[],
  slow: (holder: Holder) => unknown,
): (holder: Holder) => unknown {
  const key = names.join('.');
  if (!readers.has(key)) readers.set(key, generated(['slow'], readerText(names)) as never);
  return readers.get(key)?.(slow) ?? slow;
}

function readerText(names: readonly string[]): string {
  const steps = names.map((name, i) => {
    const read = `value = value.${name};`;
    return i === 0 ? read : `if (typeof value !== 'object' || value === null) return slow(holder);\n${read}`;
  });
  return `return (holder) => {
    let value = holder.snapshot;
    ${steps.join('\n')}
    return value === undefined ? slow(holder) : value;
  };`;
}

export interface FieldCode<F> {
  readonly name: string;
  readonly run: (frame: F) => unknown;
  readonly convert: (value: unknown, frame: F) => unknown;
  /** Texts up to this length are values as they are; -1 where every text is converted. */
  readonly plainMax: number;
}

/**
 * All fields of a mapping one after the other, each at a place of its own, so that the engine knows at each place what
 * is called there. `frame.at` says which one is being made; `make` gets the values where not all are present. Null
 * where code from strings is forbidden.
 */
export function fieldsRunner<F, R>(
  fields: readonly FieldCode<F>[],
  make: (values: readonly unknown[]) => R,
): ((frame: F) => R) | null {
  const list = (letter: string): string => fields.map((_, i) => `${letter}${i}`).join(', ');
  const steps = fields.map(({ plainMax }, i) => {
    const converted = `c${i}(value, frame)`;
    const isPlain = `typeof value === 'string' && value.length <= ${plainMax}`;
    const made = plainMax < 0 ? converted : `${isPlain} ? value : ${converted}`;
    return `frame.at = ${i}; value = r${i}(frame); const v${i} = ${made};`;
  });
  const isWhole = fields.map((_, i) => `v${i} !== undefined`).join(' && ');
  const literal = fields.map(({ name }, i) => `${JSON.stringify(name)}: v${i}`).join(', ');
  const text = `const [${list('r')}] = runs; const [${list('c')}] = converts;
  return (frame) => {
    let value;
    ${steps.join('\n')}
    return ${isWhole} ? { ${literal} } : make([${list('v')}]);
  };`;
  const code = generated(['runs', 'converts', 'make'], text) as
    ((runs: unknown[], converts: unknown[], make: unknown) => (frame: F) => R) | null;
  return (
    code?.(
      fields.map(({ run }) => run),
      fields.map(({ convert }) => convert),
      make,
    ) ?? null
  );
}

/**
 * `a + b + …` of texts, each part called at a place of its own; `slow` where a part is none, or the whole grows past
 * `lengthMax`. The texts that stand in the expression come as values, not as code.
 */
export function concatenator<F>(
  pieces: readonly (string | ((frame: F) => unknown))[],
  lengthMax: number,
  slow: (frame: F) => unknown,
): ((frame: F) => unknown) | null {
  const steps = pieces.map((piece, i) =>
    typeof piece === 'string'
      ? ''
      : `const v${i} = p${i}(frame); if (typeof v${i} !== 'string') return slow(frame);`,
  );
  const sum = pieces.map((piece, i) => (typeof piece === 'string' ? `p${i}` : `v${i}`)).join(' + ');
  const text = `const [${pieces.map((_, i) => `p${i}`).join(', ')}] = pieces;
  return (frame) => {
    ${steps.join('\n')}
    const whole = ${sum};
    return whole.length <= ${lengthMax} ? whole : slow(frame);
  };`;
  const code = generated(['pieces', 'slow'], text) as
    ((pieces: readonly unknown[], slow: unknown) => (frame: F) => unknown) | null;
  return code?.(pieces, slow) ?? null;
}

/** Makes `{ name: values[0], … }` of those that are present; null where code from strings is forbidden. */
export function literalMaker(
  names: readonly string[],
  isPresent: (i: number) => boolean,
): ((values: readonly unknown[]) => object) | null {
  const parts = names.flatMap((name, i) => (isPresent(i) ? [`${JSON.stringify(name)}: values[${i}]`] : []));
  const made = generated(['values'], `return { ${parts.join(', ')} };`);
  return made as ((values: readonly unknown[]) => object) | null;
}

function generated(parameters: readonly string[], text: string): Code | null {
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the story above says why, and what goes in
    return new Function(...parameters, text) as Code;
  } catch (error) {
    if (error instanceof EvalError) return null;
    throw error;
  }
}
