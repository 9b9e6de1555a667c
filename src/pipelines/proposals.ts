import { Inject, Injectable } from '@nestjs/common';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import { hasErrors, inFileOrder } from '../mapping/diagnostic.js';
import { Settings } from '../platform/config/settings.js';
import { invalidRequest, notFound, type Problem } from '../platform/http/problem.js';
import type { Applied } from './applied-mappings.js';
import { compileGiven, type LoadedFile, loadMappings } from './mapping-files.js';

/** What is proposed to take the place of an applied version: a text that was given, or the file in mappings/. */
@Injectable()
export class Proposals {
  constructor(@Inject(Settings) private readonly settings: Settings) {}

  /** @throws Problem with every fault of the file, or where it cannot take the place of the version in force */
  propose(name: string, applied: Applied | null, given: Given): CompiledMapping {
    const { mappingsDir } = this.settings.pipelines;
    const file =
      given.source === undefined
        ? this.inFolder(mappingsDir, name)
        : compileGiven(mappingsDir, given.file ?? applied?.mapping.file ?? `${name}.yaml`, given.source);
    const { mapping } = file;
    if (!mapping || hasErrors(file.parsed.faults.found)) throw faultsOf(file);
    if (mapping.name !== name) throw refusal('name', `is the mapping ${mapping.name}, not ${name}.`);
    if (applied) demandSamePlace(applied.mapping, mapping);
    return mapping;
  }

  private inFolder(dir: string, name: string): LoadedFile {
    const { files } = loadMappings(dir);
    const file = files.find(({ parsed }) => parsed.name?.value === name);
    if (file) return file;
    throw notFound(`There is no file of a mapping ${name} in mappings/; give its text as source.`);
  }
}

export interface Given {
  readonly source?: string | undefined;
  readonly file?: string | undefined;
}

function faultsOf({ parsed }: LoadedFile): Problem {
  const errors = inFileOrder(parsed.faults.found).filter(({ severity }) => severity === 'error');
  return invalidRequest(
    errors.map(({ code, file, line, column, message, fix }) => ({
      pointer: '/source',
      code,
      message: `${file}:${line}:${column} ${message}${fix ? ` (${fix})` : ''}.`,
    })),
  );
}

/** What stands at the old place would be left there and nobody would look after it. */
function demandSamePlace(from: CompiledMapping, to: CompiledMapping): void {
  for (const part of ['stream', 'destination', 'object', 'keyField'] as const) {
    if (from[part] === to[part]) continue;
    throw refusal(
      'other-place',
      `changes ${part} from ${from[part]} to ${to[part]}: its records would be left where they stand. Give it another name.`,
    );
  }
}

function refusal(code: string, message: string): Problem {
  return invalidRequest([{ pointer: '/source', code, message }]);
}
