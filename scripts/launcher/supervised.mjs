import { setTimeout as sleep } from 'node:timers/promises';

const DEATHS_MAX = 5;
const DEATHS_WINDOW_MS = 60_000;
const BACK_OFF_MS = [200, 500, 1_000, 2_000, 4_000];

/**
 * One server that is kept running: it is started again when it dies by itself, later and later,
 * and given up after five deaths in a minute.
 *
 * @template Running
 */
export class Supervised {
  #options;
  #running;
  #isStopping = false;
  #isReplaced = false;
  #isGivenUp = false;
  #deaths = [];
  #watching;
  #starting;

  /**
   * @param {object} options
   * @param {string} options.name
   * @param {() => Promise<Running & { pid?: number, exited?: Promise<unknown>, stop(): Promise<void> }>} options.start
   * @param {() => string[]} options.lastLines what it printed last
   * @param {(line: string) => void} options.note
   * @param {(error: Error) => void} options.giveUp
   */
  constructor(options) {
    this.#options = options;
  }

  get name() {
    return this.#options.name;
  }

  get running() {
    return this.#running;
  }

  /** The first start: its failure is the caller's. */
  async start() {
    this.#starting = this.#options.start();
    this.#running = await this.#starting;
    // What was given to us is not ours to keep alive.
    if (this.#running.exited) this.#watching = this.#watch();
    return this.#running;
  }

  /** Ends it and starts it anew, as after a change of the sources; no death is counted. */
  async restart() {
    if (this.#isGivenUp) {
      this.#deaths = [];
      await this.start();
      this.#isGivenUp = false;
      return;
    }
    this.#isReplaced = true;
    await this.#running?.stop();
  }

  async stop() {
    this.#isStopping = true;
    // Asked to stop while it starts: what comes up is ended; what does not come up is the starter's news.
    const begun = await this.#starting?.catch(() => undefined);
    await (this.#running ?? begun)?.stop();
    await this.#watching;
  }

  async #watch() {
    const { name, note, giveUp } = this.#options;
    for (;;) {
      const how = await this.#running.exited;
      if (this.#isStopping) return;
      if (!this.#isReplaced) note(`${name} died by itself (${how}); it is started again.`);
      const isUp = await this.#revive(!this.#isReplaced);
      this.#isReplaced = false;
      if (this.#isStopping) return;
      if (!isUp) {
        this.#isGivenUp = true;
        giveUp(this.#lastWords());
        return;
      }
      note(`${name} runs again (process ${this.#running.pid}).`);
    }
  }

  async #revive(isDeath) {
    for (let isCounted = isDeath; ; isCounted = true) {
      if (isCounted && !(await this.#mayTryAgain())) return false;
      if (this.#isStopping) return true;
      try {
        this.#running = await this.#options.start();
        // Asked to stop while it started: what has just begun must not be left behind.
        if (this.#isStopping) await this.#running.stop();
        return true;
      } catch (error) {
        this.#options.note(error.message);
      }
    }
  }

  async #mayTryAgain() {
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < DEATHS_WINDOW_MS), now];
    if (this.#deaths.length >= DEATHS_MAX) return false;
    await sleep(BACK_OFF_MS[this.#deaths.length - 1]);
    return true;
  }

  #lastWords() {
    const lines = this.#options.lastLines();
    return new Error(
      `${this.name} died ${DEATHS_MAX} times within a minute. Its last lines:\n${lines.map((line) => `    ${line}`).join('\n')}`,
    );
  }
}
