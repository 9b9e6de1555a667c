import type { Command } from './command.js';
import type { CommandEntry } from './commands.js';

export function helpForAll(entries: readonly CommandEntry[]): string {
  const width = Math.max(...entries.map(({ name }) => name.length), 'help [command]'.length);
  const line = (name: string, summary: string): string => `  ${name.padEnd(width)}  ${summary}`;
  return [
    'foyer <command> [options]',
    '',
    ...entries.map(({ name, summary }) => line(name, summary)),
    line('help [command]', 'say more'),
    '',
    'Exit codes: 0 all is well · 1 something must be put right · 2 called wrongly',
  ].join('\n');
}

export function helpFor(entry: CommandEntry, command: Command): string {
  return [`foyer ${entry.name} ${command.usage}`.trimEnd(), '', command.help].join('\n');
}
