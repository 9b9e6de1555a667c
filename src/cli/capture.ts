import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { compileMapping } from '../mapping/compile-mapping.js';
import type { CompiledMapping, Evaluation } from '../mapping/compiled-mapping.js';
import { exampleText } from '../mapping/new-mapping.js';
import { parseMapping } from '../mapping/parse-mapping.js';
import { renderDiagnostics } from '../mapping/render-diagnostic.js';
import { withoutPerson } from '../mapping/sample-record.js';
import type { Stream } from '../mapping/source-contract.js';
import { contractOf, mappableStreams } from '../mapping/stream-contracts.js';
import { loadSurroundings } from '../pipelines/mapping-files.js';
import { exitCodes, type Command, type Invocation, UsageError } from './command.js';
import { clientOf, CONNECTION_HELP, CONNECTION_USAGE, connectionOptions } from './connection-options.js';

interface Outcome {
  readonly expected: unknown;
  /** The ids at the backend that the mapping was given, by the mapping that it needs. */
  readonly targets: Readonly<Record<string, string>>;
}

const NO_MAPPING: Outcome = { expected: 'suppressed', targets: {} };
const FIRST_ID = 1001;

export const capture: Command = {
  usage: `<stream> <key> [mapping file] [--name TEXT] [--write] [--json] ${CONNECTION_USAGE}`,
  help: `Makes an example from a real record as it stands now, without its person: names, addresses, answers, everything that
may leave only with consent, and every id are replaced, the same value by the same one. With a mapping file, the example
says what that mapping makes of it, with made-up ids of the records that it needs; --write puts it at the end of the file's examples.

<stream>  ${mappableStreams.join(', ')}
<key>     of the record
--name    of the example
${CONNECTION_HELP}

Exit codes: 0 done · 1 no such record, no answer, or the mapping file has errors · 2 called wrongly`,
  options: {
    name: { type: 'string' },
    write: { type: 'boolean' },
    json: { type: 'boolean' },
    ...connectionOptions,
  },
  async run(invocation) {
    const { options, output } = invocation;
    const { stream, key, file } = wishOf(invocation);
    const read = await clientOf(invocation).read<{ record: unknown }>(
      `/v1/records/${stream}/${encodeURIComponent(key)}`,
    );
    if (!read) throw new Error(`the stream ${stream} has no record ${key}`);
    const given = withoutPerson(read.record, contractOf(stream)!);
    const { expected, targets } =
      file === undefined ? NO_MAPPING : outcomeOf(await compiled(file, stream), given);
    const text = exampleText(
      String(options['name'] ?? `captured from a ${stream}`),
      given,
      expected,
      targets,
    );
    if (options['write'] === true) await append(file!, text);
    if (options['json'] === true)
      output.json({ ok: true, given, ...told(targets), expect: file === undefined ? null : expected });
    else if (options['write'] === true) output.line(output.colour.good(`${file} has one example more`));
    else output.line(file === undefined ? `${text.trimEnd()} # or what the mapping gives` : text.trimEnd());
    return exitCodes.ok;
  },
};

function wishOf({ positionals, options }: Invocation): {
  stream: Stream;
  key: string;
  file: string | undefined;
} {
  const [asked, key, file, ...more] = positionals;
  if (asked === undefined || key === undefined || more.length > 0)
    throw new UsageError('name a stream and the key of a record (see foyer help capture)');
  const stream = mappableStreams.find((known) => known === asked);
  if (!stream)
    throw new UsageError(`there is no stream ${asked}: it is one of ${mappableStreams.join(', ')}`);
  if (options['write'] === true && file === undefined) throw new UsageError('--write needs the mapping file');
  return { stream, key, file };
}

async function compiled(file: string, stream: Stream): Promise<CompiledMapping> {
  const parsed = parseMapping(file, await textOf(file));
  const { targets, picklists } = loadSurroundings(dirname(file));
  const target = targets.get(`${parsed.destination?.value}.${parsed.object?.value}`) ?? null;
  const { mapping, diagnostics } = compileMapping(parsed, { target, picklists });
  if (!mapping) throw new Error(`${file} has errors:\n\n${renderDiagnostics(diagnostics)}`);
  if (mapping.stream !== stream) throw new UsageError(`${file} reads the stream ${mapping.stream}`);
  return mapping;
}

/** Ids at a backend lead back to a person as ours do: what the mapping needs stands there under ids of nobody. */
function outcomeOf(mapping: CompiledMapping, given: object): Outcome {
  const ids = mapping.needs.map((name, i) => [name, String(FIRST_ID + i)] as const);
  const known = Object.fromEntries(ids.map(([name, id]) => [name, { id }]));
  return { expected: expectedOf(mapping.evaluate(given, known)), targets: Object.fromEntries(ids) };
}

function expectedOf(evaluation: Evaluation): unknown {
  if (evaluation.kind === 'write') return evaluation.fields;
  return evaluation.kind === 'notMatching' ? 'suppressed' : 'rejected';
}

function told(targets: Outcome['targets']): object {
  return Object.keys(targets).length === 0 ? {} : { targets };
}

/** Behind the last example; the rest of the file stays as it is, character by character. */
async function append(file: string, example: string): Promise<void> {
  const text = (await textOf(file)).trimEnd();
  const at = text.search(/^examples:/m);
  if (at === -1) {
    await writeFile(file, `${text}\nexamples:\n${example}`);
    return;
  }
  const after = /\n(?=[a-zA-Z#])/.exec(text.slice(at));
  const end = after ? at + after.index : text.length;
  await writeFile(file, `${text.slice(0, end)}\n${example.trimEnd()}${text.slice(end)}\n`);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read ${file}`, { cause });
  }
}
