import type { Command } from './command.js';

export interface CommandEntry {
  /** As it is typed; two words where it belongs to a family. */
  readonly name: string;
  readonly summary: string;
  /** Loaded when called: `foyer check` must not wait for a database driver. */
  load(): Promise<Command>;
}

/** Every command, in the order `foyer help` shows them. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'check',
    summary: 'prove mapping files against their source and target',
    load: async () => (await import('./check.js')).check,
  },
  {
    name: 'test',
    summary: 'run the examples of mapping files',
    load: async () => (await import('./test.js')).test,
  },
  {
    name: 'new',
    summary: 'write a first mapping of an object from its metadata',
    load: async () => (await import('./new.js')).newCommand,
  },
  {
    name: 'capture',
    summary: 'make an example from a real record, without its person',
    load: async () => (await import('./capture.js')).capture,
  },
  {
    name: 'schemas',
    summary: 'write the JSON Schemas that editors check files by',
    load: async () => (await import('./schemas.js')).schemas,
  },
  {
    name: 'diff',
    summary: 'say what mapping files change against the versions in force',
    load: async () => (await import('./diff.js')).diff,
  },
  {
    name: 'plan',
    summary: 'say what mapping files would do to every record',
    load: async () => (await import('./plan.js')).plan,
  },
  {
    name: 'apply',
    summary: 'put a planned mapping in force, or undo the last one',
    load: async () => (await import('./apply.js')).apply,
  },
  {
    name: 'why',
    summary: 'say why a record stands at a backend as it does, or why not',
    load: async () => (await import('./why.js')).why,
  },
  {
    name: 'replay',
    summary: 'deliver records again',
    load: async () => (await import('./replay.js')).replay,
  },
  {
    name: 'reconcile',
    summary: 'compare both sides of a mapping, and repair what differs',
    load: async () => (await import('./reconcile.js')).reconcile,
  },
  {
    name: 'verify',
    summary: 'check the certificate of a reconciliation run, and who signed it',
    load: async () => (await import('./verify.js')).verify,
  },
  {
    name: 'doctor',
    summary: 'ask the backends and identity providers whether all would go well',
    load: async () => (await import('./doctor.js')).doctor,
  },
  {
    name: 'surge',
    summary: 'try the lobby with a crowd before an event opens, for real or simulated',
    load: async () => (await import('./surge.js')).surge,
  },
  {
    name: 'import agenda',
    summary: 'make an event and its sessions from a schedule.json',
    load: async () => (await import('./import-agenda.js')).importAgenda,
  },
  {
    name: 'import attendance',
    summary: 'take in the participants of a Zoom report',
    load: async () => (await import('./import-attendance.js')).importAttendance,
  },
];
