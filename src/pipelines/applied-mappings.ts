import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { basename } from 'node:path';
import type pg from 'pg';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import type { Diagnostic } from '../mapping/diagnostic.js';
import { type Destination, isLeaving, loadDestinations } from '../platform/config/destinations.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { inTransaction } from '../platform/database/transaction.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { activate, hashOf } from './activate.js';
import { compileStored, type LoadedFile, loadMappings, renderAll } from './mapping-files.js';
import type { Need } from './parents.js';
import { redeliverAll } from './redeliveries.js';
import { forgetDisplaced } from './undo.js';

/** The version of a mapping that runs. */
export interface Applied {
  readonly mapping: CompiledMapping;
  readonly version: number;
  readonly paused: boolean;
  /** What an undo would put in force again; null where there is none. */
  readonly before: CompiledMapping | null;
  /** Versions that an undo takes back. */
  readonly undone: readonly number[];
}

interface VersionRow {
  name: string;
  version: number;
  paused: boolean;
  undone: number[];
  can_be_undone: boolean;
  file: string;
  source: string;
  hash: string;
}

/** The files in mappings/ cannot be used, and nothing was ever applied in their place. */
export class MappingsRefusedError extends Error {
  readonly code = 'mappings-refused';
}

const FRESH_MS = 1_000;

const CURRENT = `
  select m.name, m.version, m.paused, m.undone, v.file, v.source, v.hash,
         exists (select from plans p
                  where p.mapping = m.name and p.from_version = m.version and p.undoes is not null
                    and p.applied_at is null) as can_be_undone
    from mappings m join mapping_versions v on v.mapping = m.name and v.version = m.version`;

/** The mappings in force: what was applied, not what the files say. */
@Injectable()
export class AppliedMappings implements OnModuleInit {
  private applied = new Map<string, Applied>();
  private readonly compiled = new Map<string, CompiledMapping>();
  private readAt = 0;
  private reading: Promise<void> | undefined;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws MappingsRefusedError where a file is faulty and no version of it was ever applied */
  async onModuleInit(): Promise<void> {
    await this.takeUpFiles();
    await this.refresh();
  }

  /** The mappings whose deliveries must be there first, with the streams that they read. */
  async needsOf({ needs }: CompiledMapping): Promise<Need[]> {
    if (needs.length === 0) return [];
    const all = await this.all();
    const streamOf = (name: string): string | null =>
      all.find(({ mapping }) => mapping.name === name)?.mapping.stream ?? null;
    return needs.map((mapping) => ({ mapping, stream: streamOf(mapping) }));
  }

  async current(name: string): Promise<Applied | null> {
    return (await this.all()).find(({ mapping }) => mapping.name === name) ?? null;
  }

  /** At most a second old. */
  async all(): Promise<Applied[]> {
    if (performance.now() - this.readAt > FRESH_MS) {
      this.reading ??= this.refresh().finally(() => (this.reading = undefined));
      await this.reading;
    }
    return [...this.applied.values()];
  }

  /**
   * The mapping in this version or a newer one: a lane knows before us when another was applied.
   * @throws Error where it is gone
   */
  async inForce(name: string, version: number): Promise<Applied> {
    let applied = this.applied.get(name);
    if (!applied || applied.version < version) {
      await this.refresh();
      applied = this.applied.get(name);
    }
    if (!applied) throw new Error(`The mapping ${name} is no longer there.`);
    return applied;
  }

  /** A version that was applied once, made runnable again; null where there is none. */
  async version(name: string, version: number): Promise<CompiledMapping | null> {
    const { rows } = await this.pool.query<Pick<VersionRow, 'file' | 'source' | 'hash'>>({
      name: 'mapping-version',
      text: 'select file, source, hash from mapping_versions where mapping = $1 and version = $2',
      values: [name, version],
    });
    return rows[0] ? this.runnable(rows[0]) : null;
  }

  /** Reads at once what is in force; for whoever has just changed it. */
  async refresh(): Promise<void> {
    const { rows } = await this.pool.query<VersionRow>({ name: 'mappings-current', text: CURRENT });
    const applied = new Map<string, Applied>();
    for (const row of rows) {
      const { name, version, paused, undone } = row;
      const mapping = this.runnable(row);
      const known = this.applied.get(name);
      // An answer that overtook another must not bring an older version back.
      if (known && known.version > version) applied.set(name, known);
      else applied.set(name, { mapping, version, paused, undone, before: await this.before(row, known) });
    }
    this.applied = applied;
    this.readAt = performance.now();
  }

  /** It stays the same as long as the version is in force. */
  private async before(row: VersionRow, known: Applied | undefined): Promise<CompiledMapping | null> {
    if (!row.can_be_undone) return null;
    return known?.version === row.version ? known.before : this.version(row.name, row.version - 1);
  }

  private runnable(row: Pick<VersionRow, 'file' | 'source' | 'hash'>): CompiledMapping {
    const known = this.compiled.get(row.hash);
    if (known) return known;
    const mapping = compileStored(this.settings.pipelines.mappingsDir, row);
    this.compiled.set(row.hash, mapping);
    return mapping;
  }

  /**
   * A mapping that was never applied is applied as it stands; one that differs from its applied version waits for
   * `apply`, except where autoApply is on; a faulty file is named and the applied version runs on.
   */
  private async takeUpFiles(): Promise<void> {
    const loaded = loadMappings(this.settings.pipelines.mappingsDir);
    const { rows } = await this.pool.query<VersionRow>(CURRENT);
    const faulty = loaded.diagnostics.filter(({ severity }) => severity === 'error');
    const destinations = loadDestinations(this.settings.pipelines.destinationsFile);
    if (faulty.length > 0) {
      const wanted = loaded.files.filter((file) => isWanted(file, faulty, destinations));
      if (isWithoutApplied(loaded.files, wanted, faulty, rows)) {
        throw new MappingsRefusedError(
          `These mapping files do not hold, and no version of them was ever applied:\n\n${renderAll(faulty)}`,
        );
      }
      this.logger.error(
        { faults: renderAll(faulty) },
        'mapping files do not hold; the applied versions run on',
      );
    }
    // Without its tables and metadata a mapping compiles to less than it says: then nothing is applied.
    const areSurroundingsWhole = faulty.every(({ file }) => loaded.files.some((one) => one.file === file));
    const leaving = loaded.mappings.filter((mapping) => isLeaving(mapping, destinations));
    if (areSurroundingsWhole) await this.applyNew(leaving, rows);
    this.sayUnnamed(
      loaded.mappings.filter((mapping) => !leaving.includes(mapping)),
      destinations,
    );
  }

  /** Whoever wrote a file and sees nothing happen learns why. */
  private sayUnnamed(mappings: readonly CompiledMapping[], destinations: readonly Destination[]): void {
    const enabled = new Set(destinations.filter(({ isEnabled }) => isEnabled).map(({ name }) => name));
    for (const { name: mapping, destination } of mappings.filter((one) => enabled.has(one.destination)))
      this.logger.info({ mapping, destination }, 'not applied: `mappings` of its destination names others');
  }

  private async applyNew(mappings: readonly CompiledMapping[], rows: readonly VersionRow[]): Promise<void> {
    for (const mapping of mappings) {
      const known = rows.find((row) => row.name === mapping.name);
      if (!known || (this.settings.pipelines.autoApply && known.hash !== hashOf(mapping.source))) {
        await this.apply(mapping, known?.version ?? null);
      } else if (known.hash !== hashOf(mapping.source)) {
        this.logger.warn(
          { mapping: mapping.name, applied: known.version },
          'the file differs from the applied version, which runs until the file is applied',
        );
      }
    }
  }

  private async apply(mapping: CompiledMapping, from: number | null): Promise<void> {
    const isApplied = await inTransaction(this.pool, async (client) => {
      if (!(await activate(client, mapping, from, 'start'))) return false;
      if (from !== null) await redeliverAll(client, mapping.name);
      await forgetDisplaced(client, mapping.name);
      return true;
    });
    const version = (from ?? 0) + 1;
    if (isApplied) this.logger.info({ mapping: mapping.name, version }, 'mapping applied');
  }
}

/** A file that leaves nothing, whole or broken, keeps no server from starting. A broken one may not even say its name. */
function isWanted(
  { file, mapping, parsed }: LoadedFile,
  faulty: readonly Diagnostic[],
  destinations: readonly Destination[],
): boolean {
  if (mapping !== null && !faulty.some((fault) => fault.file === file))
    return isLeaving(mapping, destinations);
  const to = parsed.destination?.value;
  return to === undefined || destinations.some(({ name, isEnabled }) => name === to && isEnabled);
}

/** A mapping is known by its name; where a broken file does not tell it, by its file, wherever the folder stands. */
function isWithoutApplied(
  files: readonly LoadedFile[],
  wanted: readonly LoadedFile[],
  faulty: readonly Diagnostic[],
  rows: readonly VersionRow[],
): boolean {
  const isApplied = ({ file, parsed }: LoadedFile): boolean =>
    rows.some((row) => row.name === parsed.name?.value || basename(row.file) === basename(file));
  const beside = faulty.filter(({ file }) => !files.some((one) => one.file === file));
  if (beside.length > 0 && rows.length === 0) return true;
  return wanted
    .filter((file) => !isApplied(file))
    .some(({ file }) => beside.length > 0 || faulty.some((fault) => fault.file === file));
}
