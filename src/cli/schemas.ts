import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { connectorNames, connectorShapes } from '../connectors/registry.js';
import { loadMappings, loadSurroundings } from '../pipelines/mapping-files.js';
import { SCHEDULED_REPAIRS } from '../platform/scheduler/schedule.js';
import { REPORTS } from '../reports/report-runs.js';
import { exitCodes, type Command } from './command.js';
import { destinationsSchema, schedulesSchema, settingsSchema } from './schemas/config-schemas.js';
import { mappingSchema, picklistSchema, type Schema } from './schemas/mapping-schema.js';

const folder = 'config/schemas';

export const schemas: Command = {
  usage: '[--check] [--json]',
  help: `Writes the JSON Schemas in ${folder} that make an editor complete and mark mapping files, picklists, destinations,
schedules and settings. They follow from mappings/ with its targets, from config/ and from the program; run it after a
change there.

--check   writes nothing, and says which of them are not current

Exit codes: 0 current, or written · 1 with --check: not current · 2 called wrongly`,
  options: { check: { type: 'boolean' }, json: { type: 'boolean' } },
  async run({ options, output }) {
    const wanted = await schemasNow();
    const stale: string[] = [];
    for (const [file, text] of wanted) if ((await textOf(file)) !== text) stale.push(file);
    if (options['check'] !== true) {
      await mkdir(folder, { recursive: true });
      for (const [file, text] of wanted) if (stale.includes(file)) await writeFile(file, text);
    }
    if (options['json'] === true) output.json({ ok: stale.length === 0 || options['check'] !== true, stale });
    else if (stale.length === 0) output.line(output.colour.good(`${wanted.size} schemas are current`));
    else
      for (const file of stale)
        output.line(
          options['check'] === true ? `${file} is not current: npm run schemas` : `${file} written`,
        );
    return stale.length > 0 && options['check'] === true ? exitCodes.findings : exitCodes.ok;
  },
};

/** Every schema with its file, as the program and its configuration say now. */
export async function schemasNow(): Promise<ReadonlyMap<string, string>> {
  const { targets, picklists } = loadSurroundings('mappings');
  const { mappings } = loadMappings('mappings');
  const known = {
    targets: [...targets.values()],
    picklists: [...picklists.keys()].sort(),
    mappings: mappings.map(({ name }) => name),
  };
  const made: Record<string, Schema> = {
    mapping: mappingSchema(known),
    picklist: picklistSchema,
    settings: settingsSchema(await readFile('config/default.yaml', 'utf8')),
    destinations: destinationsSchema(
      await readFile('config/destinations.yaml', 'utf8'),
      connectorNames,
      connectorShapes,
    ),
    schedules: schedulesSchema(
      REPORTS.map(({ name }) => name),
      known.mappings,
      SCHEDULED_REPAIRS,
    ),
  };
  return new Map(
    Object.entries(made).map(([name, schema]) => [
      path.join(folder, `${name}.schema.json`),
      `${JSON.stringify(schema, null, 2)}\n`,
    ]),
  );
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    // Not written yet, which is as stale as can be.
    return null;
  }
}
