/** What a command of `foyer` is. To add one: a file like `check.ts`, and an entry in `commands.ts`. */
import type { ParseArgsConfig } from 'node:util';
import type { Output } from './output.js';

/** The exit codes of every command. */
export const exitCodes = {
  ok: 0,
  /** The command ran and found something that must be put right. */
  findings: 1,
  /** The command was called wrongly, or what it was to read is not there. */
  usage: 2,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export interface Invocation {
  /** What stands after the command's name and is no option. */
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly output: Output;
  /** A program that takes a share of the work in a thread of its own, where there is one. */
  readonly thread?: URL | undefined;
}

export interface Command {
  /** After the command's name: `[files…]`. */
  readonly usage: string;
  /** What it does, what it reads, what each exit code means; shown by `foyer help <command>`. */
  readonly help: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  run(invocation: Invocation): Promise<ExitCode>;
}

/** Called wrongly: the message goes to stderr, the exit code is 2. */
export class UsageError extends Error {}
