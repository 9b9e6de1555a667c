import { checkTogether } from '../mapping/check-together.js';
import { hasErrors, inFileOrder, type Diagnostic } from '../mapping/diagnostic.js';
import { renderDiagnostics } from '../mapping/render-diagnostic.js';
import { exitCodes, type Command } from './command.js';
import { formatOf, githubAnnotation, mappingOptions, readMappings, type Read } from './mapping-arguments.js';
import { destinationsBeside, needsIn } from './neighbours.js';
import type { Output } from './output.js';

export const check: Command = {
  usage: '[files or folders…] [--json] [--format human|json|github]',
  help: `Proves mapping files against the contract of their stream and the metadata of their target: every fault at
once, with file:line:column, the rule, what was expected and a fix; an example that no longer holds is a fault too. Reads
mappings/ where nothing is named; nothing is written and no backend is called. docs/diagnostics.md explains every code.

Exit codes: 0 no errors (warnings allowed) · 1 errors · 2 called wrongly or nothing to read`,
  options: mappingOptions,
  async run(invocation) {
    const format = formatOf(invocation);
    const read = await proved(await readMappings(invocation.positionals));
    const { output } = invocation;
    if (format === 'json') output.json(asJson(read));
    else if (format === 'github') read.diagnostics.forEach((found) => output.line(asAnnotation(found)));
    else print(read, output);
    return hasErrors(read.diagnostics) ? exitCodes.findings : exitCodes.ok;
  },
};

/** With what only the files together, and their examples, can show. */
async function proved(read: Read): Promise<Read> {
  const needs = await Promise.all(read.folders.map(needsIn));
  const destinations = (await Promise.all(read.folders.map(destinationsBeside))).filter(
    (names) => names !== null,
  );
  const found = checkTogether({
    files: read.files,
    needs: new Map(needs.flatMap((part) => [...part])),
    destinations: destinations.length > 0 ? destinations.flat() : null,
  });
  return { ...read, diagnostics: inFileOrder([...read.diagnostics, ...found]) };
}

function asJson({ files, diagnostics }: Read): object {
  return {
    ok: !hasErrors(diagnostics),
    files: files.map(({ file, mapping }) => ({ file, mapping: mapping?.name ?? null })),
    diagnostics,
  };
}

function asAnnotation({ severity, file, line, column, code, message, fix }: Diagnostic): string {
  return githubAnnotation(severity, { file, line, column }, code, fix ? `${message}. Fix: ${fix}` : message);
}

function print({ files, diagnostics }: Read, output: Output): void {
  const { colour } = output;
  if (diagnostics.length > 0) output.line(`${renderDiagnostics(diagnostics, colour)}\n`);
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const counts = `${counted(files.length, 'mapping file')}, ${counted(errors, 'error')}, ${counted(warnings, 'warning')}`;
  output.line(errors > 0 ? colour.error(counts) : colour.good(counts));
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
