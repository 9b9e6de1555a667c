/**
 * The places where closures would be several times slower than code written for the names at hand: reading a path of
 * attributes, a whole mapping (`record-code.ts`), the object of its fields. Only numbers and names go into the text,
 * each proved to be an identifier or written as a JSON string, so nothing of a mapping file or a record is ever run as
 * code. Where a process forbids code from strings, closures do the same.
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

/** Makes `{ name: values[0], … }` of those that are present; null where code from strings is forbidden. */
export function literalMaker(
  names: readonly string[],
  isPresent: (i: number) => boolean,
): ((values: readonly unknown[]) => object) | null {
  const parts = names.flatMap((name, i) => (isPresent(i) ? [`${JSON.stringify(name)}: values[${i}]`] : []));
  const made = generated(['values'], `return { ${parts.join(', ')} };`);
  return made as ((values: readonly unknown[]) => object) | null;
}

export function generated(parameters: readonly string[], text: string): Code | null {
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the story above says why, and what goes in
    return new Function(...parameters, text) as Code;
  } catch (error) {
    if (error instanceof EvalError) return null;
    throw error;
  }
}
