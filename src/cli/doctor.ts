import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Connector, DescribedField, Reason } from '../connectors/connector.js';
import { createConnector } from '../connectors/registry.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import type { Picklist } from '../mapping/picklist.js';
import { type LoadedFile, loadMappings, loadSurroundings } from '../pipelines/mapping-files.js';
import { type Destination, isLeaving, loadDestinations } from '../platform/config/destinations.js';
import { type Command, exitCodes, type Invocation } from './command.js';
import { checkFindings } from './compare-mapping.js';
import { type Finding, targetFindings } from './compare-target.js';
import { examineProviders, printProvider } from './doctor-providers.js';

const TIMEOUT_MS = 30_000;

export const doctor: Command = {
  usage:
    '[names…] [--describe] [--mappings DIR] [--destinations FILE] [--providers FILE] [--public-url URL] [--json]',
  help: `Asks each backend that is switched on: can it be reached, are we authorised, which fields and picklists does it
have, and which of our mappings would fail there: by all rules of foyer check, against what the backend says now. Asks
each identity provider that is switched on for everything that a login asks for: its metadata, its keys, whether it leads
back to us and takes our credentials; it may note a failed login.

--describe      writes what the backends say of their objects to mappings/targets, in place of what stands there, and
                still says what has moved since that was written
--mappings      otherwise mappings
--destinations  otherwise config/destinations.yaml
--providers     otherwise config/identity.yaml
--public-url    where people reach Foyer; otherwise FOYER_HTTP_PUBLIC_URL, or what npm start runs here

Exit codes: 0 all is well · 1 something would fail, or the backend takes less now than mappings/targets says · 2 called wrongly`,
  options: {
    describe: { type: 'boolean' },
    json: { type: 'boolean' },
    mappings: { type: 'string' },
    destinations: { type: 'string' },
    providers: { type: 'string' },
    'public-url': { type: 'string' },
  },
  async run(invocation) {
    const { output, options } = invocation;
    const dir = typeof options.mappings === 'string' ? options.mappings : 'mappings';
    const providers = await examineProviders(invocation);
    const names = providers.map(({ provider }) => provider);
    const examined = await examineAll(invocation, dir, names);
    if (options.json === true) output.json({ destinations: examined, providers });
    else {
      for (const one of examined) print(one, invocation);
      for (const one of providers) printProvider(one, output);
    }
    return [...examined, ...providers].every(({ ok }) => ok) ? exitCodes.ok : exitCodes.findings;
  },
};

interface Examined {
  readonly destination: string;
  readonly ok: boolean;
  readonly reason?: Reason;
  readonly objects: readonly ExaminedObject[];
}

interface ExaminedObject {
  readonly object: string;
  /** Null where the backend does not describe it. */
  readonly fields: number | null;
  readonly picklists: number;
  /** As the backend describes them now; absent where it does not. */
  readonly described?: Readonly<Record<string, DescribedField>>;
  readonly findings: readonly Finding[];
  readonly reason?: Reason;
}

/** A mapping that holds, with the file that it stands in. */
interface OwnMapping {
  readonly mapping: CompiledMapping;
  readonly file: LoadedFile;
}

/** Our side of what a backend is compared with. */
interface Ours {
  readonly dir: string;
  readonly picklists: ReadonlyMap<string, Picklist>;
  readonly isWriting: boolean;
}

async function examineAll(
  { positionals, options }: Invocation,
  dir: string,
  providers: readonly string[],
): Promise<Examined[]> {
  const file = typeof options.destinations === 'string' ? options.destinations : 'config/destinations.yaml';
  const destinations = loadDestinations(file);
  const { mappings, files } = loadMappings(dir);
  const own = mappings.flatMap((mapping): OwnMapping[] => {
    const file = files.find((one) => one.mapping === mapping);
    return file ? [{ mapping, file }] : [];
  });
  const { picklists } = loadSurroundings(dir);
  const wanted = destinations.filter(({ name, isEnabled }) =>
    positionals.length > 0 ? positionals.includes(name) : isEnabled,
  );
  const examined: Examined[] = [];
  for (const destination of wanted) {
    const ours = own.filter(
      ({ mapping }) => mapping.destination === destination.name && isLeaving(mapping, destinations),
    );
    examined.push(await examine(destination, ours, { dir, picklists, isWriting: options.describe === true }));
  }
  const known = [...providers, ...destinations.map(({ name }) => name)];
  for (const name of positionals.filter((name) => !known.includes(name))) {
    examined.push(
      failed(name, {
        code: 'unknown',
        message: `${file} has no destination called ${name}, and no identity provider is called so.`,
        owner: 'foyer',
      }),
    );
  }
  return examined;
}

async function examine(
  destination: Destination,
  mappings: readonly OwnMapping[],
  by: Ours,
): Promise<Examined> {
  let connector: Connector;
  try {
    connector = createConnector(destination);
  } catch (error) {
    const message = error instanceof Error ? error.message : 'Its settings do not hold.';
    return failed(destination.name, { code: 'destination-settings', message, owner: 'foyer' });
  }
  const probed = await connector.probe({ signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!probed.ok) return failed(destination.name, probed.reason);
  const objects: ExaminedObject[] = [];
  // What a declaration describes is asked for before there is a mapping: the first one is made of it.
  const names = [...mappings.map(({ mapping }) => mapping.object), ...(connector.describedObjects ?? [])];
  for (const object of new Set(names)) {
    const ours = mappings.filter(({ mapping }) => mapping.object === object);
    objects.push(await examineObject(connector, object, ours, by));
  }
  const ok = objects.every(({ findings, reason }) => findings.length === 0 && reason === undefined);
  return { destination: destination.name, ok, objects };
}

async function examineObject(
  connector: Connector,
  object: string,
  mappings: readonly OwnMapping[],
  { dir, picklists: tables, isWriting }: Ours,
): Promise<ExaminedObject> {
  const isDescribed = connector.describedObjects?.includes(object) ?? true;
  if (!connector.describe || !isDescribed) return { object, fields: null, picklists: 0, findings: [] };
  const described = await connector.describe(object, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!described.ok) return { object, fields: null, picklists: 0, findings: [], reason: described.reason };
  const file = path.join(dir, 'targets', `${connector.destination}.${object}.json`);
  const live = described.fields;
  // With what stood there before, and not with what is about to be written.
  const before = await known(file);
  if (isWriting) await writeTarget(file, connector.destination, object, live);
  const picklists = Object.values(live).filter(({ values }) => values !== undefined).length;
  const target = { destination: connector.destination, object };
  const findings = [
    ...targetFindings(
      live,
      before,
      mappings.map(({ mapping }) => mapping),
    ),
    ...mappings.flatMap((own) => checkFindings(own.file, target, live, tables)),
  ];
  return { object, fields: Object.keys(live).length, picklists, described: live, findings };
}

async function writeTarget(
  file: string,
  destination: string,
  object: string,
  live: Readonly<Record<string, DescribedField>>,
): Promise<void> {
  const fields = Object.fromEntries(Object.entries(live).sort(([a], [b]) => (a < b ? -1 : 1)));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify({ destination, object, fields }, null, 2)}\n`);
}

async function known(file: string): Promise<Readonly<Record<string, DescribedField>> | null> {
  try {
    const text = await readFile(file, 'utf8');
    return (JSON.parse(text) as { fields: Record<string, DescribedField> }).fields;
  } catch {
    // Nothing was described yet: then there is nothing that could have moved.
    return null;
  }
}

function failed(destination: string, reason: Reason): Examined {
  return { destination, ok: false, reason, objects: [] };
}

function print({ destination, ok, reason, objects }: Examined, { output }: Invocation): void {
  const { colour } = output;
  output.line(ok ? colour.good(`✓ ${destination}`) : colour.error(`✗ ${destination}`));
  if (reason) output.line(`  ${reason.code}: ${reason.message}`);
  for (const one of objects) {
    const size = one.fields === null ? 'not described' : `${one.fields} fields, ${one.picklists} picklists`;
    output.line(`  ${one.object}: ${size}`);
    if (one.reason) output.line(`    ${one.reason.code}: ${one.reason.message}`);
    for (const { code, message } of one.findings) output.line(`    ${colour.error(code)}: ${message}`);
  }
}
