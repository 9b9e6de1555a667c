import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type pg from 'pg';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import type { Diagnostic } from '../mapping/diagnostic.js';
import { isLeaving, loadDestinations } from '../platform/config/destinations.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { compileStored, type LoadedFile, loadMappings, renderAll } from './mapping-files.js';

/** The version of a mapping that runs. */
export interface Applied {
  readonly mapping: CompiledMapping;
  readonly version: number;
  readonly paused: boolean;
}

interface VersionRow {
  name: string;
  version: number;
  paused: boolean;
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
  select m.name, m.version, m.paused, v.file, v.source, v.hash
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

  private async refresh(): Promise<void> {
    const { rows } = await this.pool.query<VersionRow>({ name: 'mappings-current', text: CURRENT });
    const applied = new Map<string, Applied>();
    for (const row of rows) {
      const mapping =
        this.compiled.get(row.hash) ?? (await compileStored(this.settings.pipelines.mappingsDir, row));
      this.compiled.set(row.hash, mapping);
      applied.set(row.name, { mapping, version: row.version, paused: row.paused });
    }
    this.applied = applied;
    this.readAt = performance.now();
  }

  /**
   * A mapping that was never applied is applied as it stands; one that differs from its applied version waits for
   * `apply`, except where autoApply is on; a faulty file is named and the applied version runs on.
   */
  private async takeUpFiles(): Promise<void> {
    const loaded = await loadMappings(this.settings.pipelines.mappingsDir);
    const { rows } = await this.pool.query<VersionRow>(CURRENT);
    const faulty = loaded.diagnostics.filter(({ severity }) => severity === 'error');
    if (faulty.length > 0) {
      if (isWithoutApplied(loaded.files, faulty, rows)) {
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
    const destinations = loadDestinations(this.settings.pipelines.destinationsFile);
    const leaving = loaded.mappings.filter((mapping) => isLeaving(mapping, destinations));
    if (areSurroundingsWhole) await this.applyNew(leaving, rows);
  }

  private async applyNew(mappings: readonly CompiledMapping[], rows: readonly VersionRow[]): Promise<void> {
    for (const mapping of mappings) {
      const known = rows.find((row) => row.name === mapping.name);
      if (!known || (this.settings.pipelines.autoApply && known.hash !== hashOf(mapping.source))) {
        await this.apply(mapping, known ? known.version + 1 : 1);
      } else if (known.hash !== hashOf(mapping.source)) {
        this.logger.warn(
          { mapping: mapping.name, applied: known.version },
          'the file differs from the applied version, which runs until the file is applied',
        );
      }
    }
  }

  private async apply(mapping: CompiledMapping, version: number): Promise<void> {
    await this.pool.query(
      `with m as (
         insert into mappings (name, stream, destination, object, version) values ($1, $2, $3, $4, $5)
         on conflict (name) do update
            set version = excluded.version, destination = excluded.destination, object = excluded.object
          where mappings.version < excluded.version
         returning name
       ), v as (
         insert into mapping_versions (mapping, version, file, source, hash, applied_by)
         select name, $5, $6, $7, $8, 'start' from m
       )
       insert into lanes (mapping, lane, lanes, stream)
       select m.name, lane, $9, $2 from m, generate_series(0, $9 - 1) as lane
       on conflict do nothing`,
      [
        mapping.name,
        mapping.stream,
        mapping.destination,
        mapping.object,
        version,
        mapping.file,
        mapping.source,
        hashOf(mapping.source),
        mapping.lanes,
      ],
    );
    this.logger.info({ mapping: mapping.name, version }, 'mapping applied');
  }
}

/** A mapping is known by its name; where a broken file does not tell it, by its file, wherever the folder stands. */
function isWithoutApplied(
  files: readonly LoadedFile[],
  faulty: readonly Diagnostic[],
  rows: readonly VersionRow[],
): boolean {
  const isApplied = ({ file, parsed }: LoadedFile): boolean =>
    rows.some((row) => row.name === parsed.name?.value || basename(row.file) === basename(file));
  const beside = faulty.filter(({ file }) => !files.some((one) => one.file === file));
  if (beside.length > 0 && rows.length === 0) return true;
  return files
    .filter((file) => !isApplied(file))
    .some(({ file }) => beside.length > 0 || faulty.some((fault) => fault.file === file));
}

function hashOf(source: string): string {
  return createHash('sha256').update(source).digest('hex');
}
