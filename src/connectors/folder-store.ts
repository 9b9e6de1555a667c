import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../platform/clock.js';
import type { Failure } from './call-outcome.js';
import type { CallOptions } from './connector.js';
import type { DropStore, Got, Put } from './drop-store.js';
import { folderFailure } from './folder-errors.js';
import type { StorageSettings } from './storage-settings.js';

/** Where files are written before they are put in their place: in the same file system, passed over by readers. */
const INCOMING = '.incoming';
/** What a process that died left there is taken away after this. */
const LEFT_BEHIND_MS = 3_600_000;

/** A folder of this machine, or one that is mounted. It has to be there: one that is not may be a mount that is missing. */
export class FolderStore implements DropStore {
  private readonly root: string;
  private isSwept = false;

  constructor(
    private readonly settings: Pick<StorageSettings, 'folder' | 'prefix' | 'callTimeoutMs'>,
    private readonly clock: Clock,
  ) {
    this.root = path.join(settings.folder, settings.prefix);
  }

  async put(name: string, text: string, _type: string, options: CallOptions): Promise<Put> {
    const done = await this.within(options, () => this.write(name, text));
    return { failure: 'failure' in done ? done.failure : null, requestId: null, status: null };
  }

  async get(name: string, options: CallOptions): Promise<Got> {
    const read = await this.within(options, async () => {
      await this.assertFolder();
      return readFile(path.join(this.root, name), 'utf8').catch(ifMissing(null));
    });
    return 'failure' in read ? read : { text: read.value };
  }

  async list(options: CallOptions): Promise<Failure | null> {
    const read = await this.within(options, () => readdir(this.root));
    return 'failure' in read ? read.failure : null;
  }

  /** Whole or not at all, and there after a power cut: written elsewhere, made durable, renamed, the name made durable. */
  private async write(name: string, text: string): Promise<void> {
    await this.assertFolder();
    const target = path.join(this.root, name);
    const incoming = path.join(this.root, INCOMING);
    await mkdir(incoming, { recursive: true });
    await mkdir(path.dirname(target), { recursive: true });
    if (!this.isSwept) await sweep(incoming, this.clock.now().getTime() - LEFT_BEHIND_MS);
    this.isSwept = true;
    const written = path.join(incoming, randomBytes(12).toString('hex'));
    try {
      const file = await open(written, 'wx');
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(written, target);
    } catch (error) {
      await unlink(written).catch(() => undefined); // The first error is the one that tells.
      throw error;
    }
    await syncFolders(path.dirname(target), path.resolve(this.settings.folder));
  }

  private async assertFolder(): Promise<void> {
    if ((await stat(this.settings.folder)).isDirectory()) return;
    throw Object.assign(new Error('the folder is none'), { code: 'ENOTDIR' });
  }

  /** A file system that hangs (a server of it is away) ends no call by itself. */
  private async within<T>(
    { signal, turn }: CallOptions,
    work: () => Promise<T>,
  ): Promise<{ value: T } | { failure: Failure }> {
    try {
      signal.throwIfAborted();
      await turn?.();
      signal.throwIfAborted();
    } catch {
      return { failure: folderFailure('aborted') };
    }
    const ended = AbortSignal.any([signal, AbortSignal.timeout(this.settings.callTimeoutMs)]);
    const done = work().then(
      (value) => ({ value }),
      (error: unknown) => ({ failure: folderFailure((error as NodeJS.ErrnoException).code ?? 'unknown') }),
    );
    const over = new Promise<{ failure: Failure }>((resolve) => {
      const late = (): void => resolve({ failure: LATE });
      ended.addEventListener('abort', late, { once: true });
      // The race would keep the text that was read for as long as the call might have taken.
      void done.then(() => ended.removeEventListener('abort', late));
    });
    return Promise.race([done, over]);
  }
}

const LATE: Failure = {
  kind: 'unanswered',
  reason: {
    code: 'timeout',
    message: 'The folder did not answer in time: the write may or may not have happened.',
    owner: 'backend',
  },
};

/** From the file's folder up to the one that was there before: all between them may be new, those of the prefix too. */
async function syncFolders(from: string, root: string): Promise<void> {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (folder === root) return;
  }
}

async function sweep(incoming: string, beforeMs: number): Promise<void> {
  for (const name of await readdir(incoming)) {
    const file = path.join(incoming, name);
    const found = await stat(file).catch(ifMissing(null));
    if (found && found.mtimeMs < beforeMs) await unlink(file).catch(ifMissing(undefined));
  }
}

const ifMissing =
  <T>(value: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
