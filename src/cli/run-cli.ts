import { parseArgs } from 'node:util';
import { exitCodes, UsageError, type Command, type ExitCode } from './command.js';
import { commands, type CommandEntry } from './commands.js';
import { helpFor, helpForAll } from './help.js';
import { outputTo, type Output, type Stream } from './output.js';
import { nearestName } from '../mapping/nearest-name.js';

/** One call of `foyer`: never throws, never exits; gives the exit code. */
export async function runCli(
  args: readonly string[],
  streams: { readonly stdout: Stream; readonly stderr: Stream },
  thread?: URL,
): Promise<ExitCode> {
  const output = outputTo(streams.stdout, streams.stderr);
  try {
    return await dispatch(args, output, thread);
  } catch (error) {
    output.problem(`foyer: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof UsageError ? exitCodes.usage : exitCodes.findings;
  }
}

async function dispatch(args: readonly string[], output: Output, thread?: URL): Promise<ExitCode> {
  const [first] = args;
  if (first === undefined) {
    output.problem(helpForAll(commands));
    return exitCodes.usage;
  }
  if (['help', '--help', '-h'].includes(first)) return help(args.slice(1), output);
  const entry = find(args);
  const command = await entry.load();
  const rest = args.slice(entry.name.split(' ').length);
  if (rest.includes('--help') || rest.includes('-h')) {
    output.line(helpFor(entry, command));
    return exitCodes.ok;
  }
  const { values, positionals } = parse(entry, command, rest);
  return command.run({ positionals, options: values, output, thread });
}

async function help(args: readonly string[], output: Output): Promise<ExitCode> {
  if (args.length === 0) {
    output.line(helpForAll(commands));
    return exitCodes.ok;
  }
  const entry = find(args);
  output.line(helpFor(entry, await entry.load()));
  return exitCodes.ok;
}

/** The entry whose words the arguments begin with. */
function find(args: readonly string[]): CommandEntry {
  const entry = commands.find(({ name }) => name.split(' ').every((word, i) => args[i] === word));
  if (entry) return entry;
  const wrong = args[0] ?? '';
  const nearest = nearestName(
    wrong,
    commands.map(({ name }) => name),
  );
  throw new UsageError(
    `there is no command ${wrong}${nearest ? `; did you mean ${nearest}?` : ''} (see foyer help)`,
  );
}

function parse(entry: CommandEntry, command: Command, args: readonly string[]): ReturnType<typeof parseArgs> {
  try {
    return parseArgs({ args: [...args], options: command.options, allowPositionals: true, strict: true });
  } catch (error) {
    const message = error instanceof Error ? error.message.split('. ')[0] : 'bad arguments';
    throw new UsageError(`${message} (see foyer help ${entry.name})`, { cause: error });
  }
}
