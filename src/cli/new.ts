import { access, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { compileMapping } from '../mapping/compile-mapping.js';
import { nearestName } from '../mapping/nearest-name.js';
import { exampleText, newMapping } from '../mapping/new-mapping.js';
import { parseMapping } from '../mapping/parse-mapping.js';
import { sampleRecord } from '../mapping/sample-record.js';
import type { Stream } from '../mapping/source-contract.js';
import { contractOf, mappableStreams } from '../mapping/stream-contracts.js';
import { loadSurroundings, type MappingSurroundings } from '../pipelines/mapping-files.js';
import { exitCodes, type Command, type Invocation, UsageError } from './command.js';

export const newCommand: Command = {
  usage: '<destination> <object> [--stream NAME] [--name NAME] [--folder FOLDER] [--stdout] [--json]',
  help: `Writes a first mapping of an object from what its backend says of it (targets/<destination>.<object>.json, fetched by
foyer doctor --describe): its key, the fields whose names we know, what it requires, and an example that holds. The file
passes foyer check and foyer test as it is; what it cannot know is marked in it. A file that is there is left alone.

--stream  what it reads (${mappableStreams.join(', ')}); person where nothing is said
--name    of the mapping; otherwise <destination>.<object> in small letters
--folder  of the mapping files; otherwise mappings
--stdout  shows the file and writes nothing

Exit codes: 0 written or shown · 1 the file is there already · 2 called wrongly, or no such metadata`,
  options: {
    stream: { type: 'string' },
    name: { type: 'string' },
    folder: { type: 'string' },
    stdout: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  async run(invocation) {
    const { options, output } = invocation;
    const wish = wishOf(invocation);
    const text = textFor(wish, loadSurroundings(wish.folder));
    const file = path.join(wish.folder, `${wish.name}.yaml`);
    if (options['stdout'] !== true) {
      if (await isThere(file))
        throw new Error(`${file} is there already; --name gives the mapping another name`);
      await writeFile(file, text);
    }
    if (options['json'] === true)
      output.json({ ok: true, file: options['stdout'] === true ? null : file, text });
    else if (options['stdout'] === true) output.line(text.trimEnd());
    else output.line(`${output.colour.good(`${file} written`)}\nNext: foyer check ${file}, then foyer plan`);
    return exitCodes.ok;
  },
};

interface Wish {
  readonly destination: string;
  readonly object: string;
  readonly stream: Stream;
  readonly name: string;
  readonly folder: string;
}

function wishOf({ positionals, options }: Invocation): Wish {
  const [destination, object, ...more] = positionals;
  if (destination === undefined || object === undefined || more.length > 0)
    throw new UsageError('name a destination and an object (see foyer help new)');
  const asked = String(options['stream'] ?? 'person');
  const stream = mappableStreams.find((known) => known === asked);
  if (!stream) throw new UsageError(`--stream is one of ${mappableStreams.join(', ')}`);
  const name = String(options['name'] ?? `${destination}.${object.toLowerCase()}`);
  if (!/^[a-z0-9][a-z0-9_-]*(\.[a-zA-Z0-9_-]+)+$/.test(name))
    throw new UsageError(`${name} is no name for a mapping, such as hubspot.contact`);
  return { destination, object, stream, name, folder: String(options['folder'] ?? 'mappings') };
}

function textFor({ destination, object, stream, name }: Wish, surroundings: MappingSurroundings): string {
  const { targets, picklists } = surroundings;
  const target = targets.get(`${destination}.${object}`);
  if (!target) {
    const nearest = nearestName(`${destination}.${object}`, targets.keys());
    const hint = nearest ? `; did you mean ${nearest.replace('.', ' ')}?` : '';
    throw new UsageError(
      `there is no targets/${destination}.${object}.json${hint} (foyer doctor --describe fetches it)`,
    );
  }
  const contract = contractOf(stream)!;
  const text = newMapping({ name, stream, target, contract });
  const { mapping } = compileMapping(parseMapping(`${name}.yaml`, text), { target, picklists });
  if (!mapping) return text;
  const given = sampleRecord(contract);
  const evaluation = mapping.evaluate(given);
  if (evaluation.kind !== 'write') return text;
  return `${text}examples:\n${exampleText(`a ${stream} becomes one ${object}`, given, evaluation.fields)}`;
}

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    // Not there, which is what is wanted.
    return false;
  }
}
