import { familyProcessorMs, processorMs } from './processes.js';

/** What several processes take of the processor: this one alone, any other with those that it started. */
export class ProcessorTimes {
  readonly names: readonly string[];

  constructor(private readonly pids: Readonly<Record<string, number>>) {
    this.names = Object.keys(pids);
  }

  /** Milliseconds so far, in the order of the names. */
  read(): number[] {
    return Object.values(this.pids).map((pid) =>
      pid === process.pid ? processorMs(pid) : familyProcessorMs(pid),
    );
  }

  since(before: readonly number[]): number[] {
    return this.read().map((ms, i) => ms - before[i]!);
  }
}
