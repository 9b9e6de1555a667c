import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type ProgramOptions, type RunningProgram, startProgram } from '../support/program.js';

export const FAIL_POINTS = {
  api: ['before-registration-commit', 'after-registration-commit'],
  worker: ['after-intent', 'after-backend-commit', 'before-settle', 'after-settle'],
} as const;

export type Role = keyof typeof FAIL_POINTS;

/** How likely an armed point takes effect where it is passed: a process shall do some work before. */
const PROBABILITY = { api: 0.06, worker: 0.25 };
/** A process that cannot be started so many times in a row is a fault of its own. */
const START_FAILURES_MAX = 10;

/** Counts what the fail points wrote before they took effect. */
export class Hits {
  constructor(
    readonly file: string,
    readonly wanted: number,
  ) {}

  counts(): Record<string, number> {
    const names = [...FAIL_POINTS.api, ...FAIL_POINTS.worker];
    const counts: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
    if (!existsSync(this.file)) return counts;
    for (const line of readFileSync(this.file, 'utf8').split('\n').filter(Boolean)) {
      const name = line.split(' ')[0]!;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  areAll(): boolean {
    return Object.values(this.counts()).every((count) => count >= this.wanted);
  }

  /** The point of the role that was hit least, armed; '' where each was hit often enough. */
  next(role: Role): string {
    const counts = this.counts();
    const [least] = [...FAIL_POINTS[role]].sort((a, b) => counts[a]! - counts[b]!);
    return counts[least!]! >= this.wanted ? '' : `${least}:${PROBABILITY[role]}:kill`;
  }
}

/** One of the program's processes, started anew whenever it ends. */
export class Replica {
  program: RunningProgram | undefined;
  /** Ends that nobody brought about: the program fell over. */
  readonly falls: string[] = [];
  lives = 0;
  private isStopping = false;
  private readonly over: Promise<void>;
  private up: Promise<void>;
  private isUp!: () => void;

  constructor(
    readonly role: Role,
    private readonly options: Omit<ProgramOptions, 'role'>,
    private readonly hits: Hits,
    /** Whether fail points may end it; of two api processes one is spared, so that somebody answers. */
    private readonly isArmed: boolean,
  ) {
    this.up = new Promise((resolve) => (this.isUp = resolve));
    this.over = this.keepRunning();
  }

  /** Resolves when it runs, at once where it does. */
  running(): Promise<void> {
    return this.up;
  }

  kill(): void {
    this.program?.kill('SIGKILL');
  }

  async freeze(ms: number): Promise<void> {
    const { program } = this;
    program?.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, ms));
    program?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.kill();
    await this.over;
  }

  private async keepRunning(): Promise<void> {
    for (let failures = 0; !this.isStopping && failures < START_FAILURES_MAX;) {
      const points = this.isArmed ? this.hits.next(this.role) : '';
      try {
        this.program = await startProgram({
          role: this.role,
          ...this.options,
          env: {
            ...this.options.env,
            FOYER_PROCESS_FAIL_POINTS: points,
            FOYER_PROCESS_FAIL_POINTS_FILE: this.hits.file,
          },
        });
      } catch (error) {
        failures += 1;
        // An armed point may strike, and the database may be away, before it is ready: it is started again.
        if (failures === START_FAILURES_MAX) this.falls.push((error as Error).message);
        continue;
      }
      failures = 0;
      await this.live(this.program);
    }
    // Whoever waits for it would wait for ever; that it runs no more stands among the falls.
    this.isUp();
  }

  private async live(program: RunningProgram): Promise<void> {
    this.lives += 1;
    this.isUp();
    if (this.isStopping) program.kill('SIGKILL');
    const { code, signal } = await program.stopped;
    this.program = undefined;
    this.up = new Promise((resolve) => (this.isUp = resolve));
    if (signal !== 'SIGKILL') {
      this.falls.push(`${this.role} ended with ${code ?? signal}:\n${program.logs.slice(-8).join('\n')}`);
    }
  }
}

export interface TwinProcess {
  readonly url: string;
  stop(): void;
}

export type TwinName = 'hubspot' | 'salesforce' | 'marketo';

/** A backend's twin as a process of its own; it ends with us. `env` holds the twin's settings, TWIN_…. */
export async function startTwinProcess(
  twin: TwinName,
  env: Readonly<Record<string, string>> = {},
): Promise<TwinProcess> {
  const child = spawn(process.execPath, ['dist/sandbox/main.js', twin, '--with-parent'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The ${twin} twin ended with ${code}.`)));
    createInterface(child.stdout).once('line', (line) => resolve((JSON.parse(line) as { url: string }).url));
  });
  return { url, stop: () => child.kill('SIGKILL') };
}
