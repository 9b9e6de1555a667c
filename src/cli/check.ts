import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Faults, hasErrors, inFileOrder, SourceText, type Diagnostic } from '../mapping/diagnostic.js';
import { renderDiagnostics } from '../mapping/render-diagnostic.js';
import { loadSurroundings, repeatedNames } from '../pipelines/mapping-files.js';
import { checkShare, type CheckedFile, type Work } from './check-share.js';
import { exitCodes, type Command, type Invocation } from './command.js';
import { formatOf, githubAnnotation, mappingOptions, placesOf } from './mapping-arguments.js';
import type { Output } from './output.js';

/** Fewer are checked before a second thread has started. */
const sharedFromFiles = 30;

export const check: Command = {
  usage: '[files or folders…] [--json] [--format human|json|github]',
  help: `Proves mapping files against the contract of their stream and the metadata of their target: every fault at
once, with file:line:column, the rule, what was expected and a fix; an example that no longer holds is a fault too. Reads
mappings/ where nothing is named; nothing is written and no backend is called. docs/diagnostics.md explains every code.

Exit codes: 0 no errors (warnings allowed) · 1 errors · 2 called wrongly or nothing to read`,
  options: mappingOptions,
  async run(invocation) {
    const format = formatOf(invocation);
    const read = await checked(invocation);
    const { output } = invocation;
    if (format === 'json') output.json(asJson(read));
    else if (format === 'github') read.diagnostics.forEach((found) => output.line(asAnnotation(found)));
    else print(read, output);
    return hasErrors(read.diagnostics) ? exitCodes.findings : exitCodes.ok;
  },
};

interface Checked {
  readonly files: readonly CheckedFile[];
  readonly diagnostics: readonly Diagnostic[];
}

async function checked({ positionals, thread }: Invocation): Promise<Checked> {
  const places = await placesOf(positionals);
  const work = { places, taken: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) };
  const count = places.reduce((total, { files }) => total + files.length, 0);
  const isShared = thread !== undefined && count >= sharedFromFiles && availableParallelism() > 1;
  const shares = await Promise.all([
    isShared ? shareOf(thread, work) : [],
    Promise.resolve(work).then(checkShare),
  ]);
  const files = shares.flat().sort((a, b) => a.at - b.at);
  const found = [
    ...places.flatMap(({ folder }) => loadSurroundings(folder).diagnostics),
    ...files.flatMap(({ diagnostics }) => diagnostics),
    ...places.flatMap(({ folder }) => repeatedIn(files.filter((file) => file.folder === folder))),
  ];
  return { files, diagnostics: inFileOrder(found) };
}

async function shareOf(thread: URL, workerData: Work): Promise<CheckedFile[]> {
  const [files] = (await once(new Worker(thread, { workerData }), 'message')) as [CheckedFile[]];
  return files;
}

function repeatedIn(files: readonly CheckedFile[]): readonly Diagnostic[] {
  return repeatedNames(files).flatMap(({ at, fault }) => {
    const { file, name } = files[at]!;
    const faults = new Faults(new SourceText(file, readFileSync(file, 'utf8')));
    faults.add(name!.range, fault);
    return faults.found;
  });
}

function asJson({ files, diagnostics }: Checked): object {
  return {
    ok: !hasErrors(diagnostics),
    files: files.map(({ file, mapping }) => ({ file, mapping })),
    diagnostics,
  };
}

function asAnnotation({ severity, file, line, column, code, message, fix }: Diagnostic): string {
  return githubAnnotation(severity, { file, line, column }, code, fix ? `${message}. Fix: ${fix}` : message);
}

function print({ files, diagnostics }: Checked, output: Output): void {
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
