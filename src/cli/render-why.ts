import type { AttemptView } from '../pipelines/attempts.js';
import type { FieldExplanation } from '../pipelines/explain-fields.js';
import type { Why } from '../pipelines/why.js';
import type { Output } from './output.js';

const VALUE_SHOWN_MAX = 80;

/** @param only one field with everything that is known of it; absent: all, a line each */
export function printWhy(told: Why, only: string | undefined, output: Output): void {
  const { colour, line } = output;
  const { mapping, key, version, targetId, why } = told;
  const id = targetId === undefined ? '' : ` → ${targetId}`;
  line(`${colour.strong(mapping)} ${key}${colour.faint(id)}`);
  line(`${painted(told, output)} ${colour.faint(`version ${version}`)} ${why.sentence}`);
  line();
  printWhen(told, output);
  const fields = Object.entries(told.fields).filter(([name]) => only === undefined || name === only);
  for (const [name, field] of fields) printField(name, field, told, output);
  if (only === undefined) printAttempts(told.attempts, output);
}

/** Where an earlier version stands there and this one does not, neither good nor bad. */
function painted({ state, why }: Why, { colour }: Output): string {
  if (!why.isThere) return colour.error(state);
  return ['verified', 'sent', 'retained'].includes(state) ? colour.good(state) : colour.warning(state);
}

function printWhen({ when }: Why, { colour, line }: Output): void {
  if (!when || when.holds === true) return;
  const { text, file, line: at } = when.expression;
  line(`  ${colour.error(when.holds === false ? 'when does not hold' : 'when cannot be decided')}`);
  line(`    expression  ${text}  ${colour.faint(`${file}:${at}`)}`);
  for (const { path, value } of when.sources) line(`    read        ${path} = ${shown(value)}`);
  line();
}

function printField(name: string, field: FieldExplanation, told: Why, { colour, line }: Output): void {
  const { expression, lookup, readBack, sources } = field;
  const value = field.isKnown ? shown(field.value) : colour.faint('unknown');
  line(`  ${colour.strong(name)}  ${value}`);
  for (const source of sources) line(`    source      ${source.path} = ${shown(source.value)}`);
  line(`    expression  ${expression.text}  ${colour.faint(`${expression.file}:${expression.line}`)}`);
  if (lookup) line(`    table       ${lookup.table}: ${lookup.entry ?? 'otherwise'} → ${lookup.value}`);
  if (field.mapped !== undefined && field.mapped !== field.value)
    line(`    mapped      ${shown(field.mapped)} ${colour.warning('is to be written')}`);
  line(`    mapping     version ${field.mappingVersion}`);
  const attempt = told.attempts.find(({ id }) => id === field.attempt);
  if (attempt) line(`    attempt     ${attemptLine(attempt)}`);
  if (readBack) {
    const found = readBack.isVerified
      ? colour.good('read back and the same')
      : colour.warning('not read back');
    line(`    read-back   ${found} ${colour.faint(readBack.at)}`);
  }
  line();
}

function printAttempts(attempts: readonly AttemptView[], { colour, line }: Output): void {
  if (attempts.length === 0) return;
  line(colour.strong('  attempts'));
  for (const attempt of attempts) {
    const paint = attempt.outcome === 'written' ? colour.good : colour.error;
    const message = attempt.message === null ? '' : `  ${attempt.message}`;
    line(`    ${paint(attempt.outcome.padEnd(10))} ${attemptLine(attempt)}${message}`);
  }
  line();
}

function attemptLine({ at, requestId, status }: AttemptView): string {
  return [at, `answer ${status ?? 'none'}`, ...(requestId === null ? [] : [`request ${requestId}`])].join(
    '  ',
  );
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > VALUE_SHOWN_MAX ? `${text.slice(0, VALUE_SHOWN_MAX)}…` : text;
}
