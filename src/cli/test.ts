import { hasErrors } from '../mapping/diagnostic.js';
import { renderDiagnostics } from '../mapping/render-diagnostic.js';
import { runExamples, type ExampleResult } from '../mapping/run-examples.js';
import { exitCodes, type Command } from './command.js';
import { formatOf, githubAnnotation, mappingOptions, readMappings, type Read } from './mapping-arguments.js';
import type { Output } from './output.js';

export const test: Command = {
  usage: '[files or folders…] [--json] [--format human|json|github]',
  help: `Runs the examples that stand in mapping files: given a record, expect exactly these fields, or suppressed, or
rejected. A file that does not pass foyer check fails here too. Reads mappings/ where nothing is named.

Exit codes: 0 every example holds · 1 an example does not, or a file has errors · 2 called wrongly`,
  options: mappingOptions,
  async run(invocation) {
    const format = formatOf(invocation);
    const read = await readMappings(invocation.positionals);
    const results = read.files.flatMap(({ mapping, parsed }) =>
      mapping ? runExamples(mapping, parsed) : [],
    );
    const isOk = !hasErrors(read.diagnostics) && results.every(({ holds }) => holds);
    const { output } = invocation;
    if (format === 'json') output.json({ ok: isOk, examples: results, diagnostics: read.diagnostics });
    else if (format === 'github') annotate(read, results, output);
    else print(read, results, output);
    return isOk ? exitCodes.ok : exitCodes.findings;
  },
};

function annotate({ diagnostics }: Read, results: readonly ExampleResult[], output: Output): void {
  for (const { severity, code, message, ...place } of diagnostics) {
    output.line(githubAnnotation(severity, place, code, message));
  }
  for (const { holds, name, differences, ...place } of results) {
    if (!holds) output.line(githubAnnotation('error', place, name, differences.join('\n')));
  }
}

function print({ files, diagnostics }: Read, results: readonly ExampleResult[], output: Output): void {
  const { colour } = output;
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) output.line(`${renderDiagnostics(errors, colour)}\n`);
  for (const { file, mapping } of files) {
    if (!mapping) continue;
    output.line(`${colour.strong(mapping.name)} ${colour.faint(file)}`);
    const own = results.filter((result) => result.file === file);
    if (own.length === 0) output.line(`  ${colour.warning('no examples')}`);
    for (const result of own) printResult(result, output);
  }
  const broken = results.filter(({ holds }) => !holds).length;
  const counts = `${results.length - broken} of ${results.length} examples hold`;
  output.line(broken + errors.length > 0 ? colour.error(counts) : colour.good(counts));
}

function printResult(
  { holds, name, line, differences }: ExampleResult,
  { colour, line: write }: Output,
): void {
  write(
    holds
      ? `  ${colour.good('✓')} ${name}`
      : `  ${colour.error('✗')} ${name} ${colour.faint(`line ${line}`)}`,
  );
  for (const difference of differences) {
    write(`      ${difference.startsWith('-') ? colour.good(difference) : colour.error(difference)}`);
  }
}
