import { spawn } from 'node:child_process';
import { ROOT } from './root.mjs';

/** Kept for the message, when a command fails. */
const OUTPUT_MAX = 8_000;

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, onLine?: (line: string) => void, signal?: AbortSignal }} [options]
 * @returns {Promise<string>} what it printed on stdout
 * @throws Error with the end of its output where the exit code is not 0
 */
export function runCommand(command, args, { env = process.env, onLine, signal } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], signal });
    let printed = '';
    let said = '';
    const listen = (stream, keep) => {
      let rest = '';
      stream.setEncoding('utf8').on('data', (chunk) => {
        if (keep) printed += chunk;
        said = (said + chunk).slice(-OUTPUT_MAX);
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onLine?.(line);
      });
    };
    listen(child.stdout, true);
    listen(child.stderr, false);
    child.once('error', reject);
    child.once('close', (code, killed) => {
      if (code === 0) resolve(printed);
      else
        reject(
          new Error(
            `${[command, ...args].join(' ')} ended with ${killed ?? `code ${code}`}:\n${said.trim()}`,
          ),
        );
    });
  });
}

/** npm, by the way it was itself started where that is known. */
export function npmCommand(...args) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('.js') ? [process.execPath, [cli, ...args]] : ['npm', args];
}
