import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SRC = path.join(ROOT, 'src');

/** Who may import whom; ARCHITECTURE.md draws the same. `root` is src/main.ts and src/app.module.ts. */
const ALLOWED: Record<string, readonly string[]> = {
  platform: [],
  mapping: [],
  connectors: ['mapping', 'platform'],
  changes: ['platform'],
  identity: ['platform'],
  events: ['changes', 'identity', 'platform'],
  lobby: ['events', 'identity', 'platform'],
  surge: ['lobby', 'platform'],
  registrations: ['changes', 'events', 'identity', 'lobby', 'platform'],
  activity: ['changes', 'events', 'registrations', 'identity', 'platform'],
  pages: ['events', 'registrations', 'lobby', 'identity', 'platform'],
  pipelines: ['changes', 'mapping', 'connectors', 'identity', 'platform'],
  webhooks: ['changes', 'pipelines', 'identity', 'platform'],
  reconciliation: ['pipelines', 'connectors', 'mapping', 'changes', 'identity', 'platform'],
  reports: ['identity', 'platform'],
  cli: [
    'activity',
    'events',
    'mapping',
    'pipelines',
    'connectors',
    'reconciliation',
    'reports',
    'surge',
    'identity',
    'platform',
    'root',
  ],
  root: [
    'activity',
    'changes',
    'events',
    'identity',
    'lobby',
    'registrations',
    'pages',
    'pipelines',
    'webhooks',
    'reconciliation',
    'reports',
    'platform',
  ],
};

interface Import {
  readonly file: string;
  readonly target: string;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.join(folder, name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1]!);
  return specifiers.map((specifier) => ({
    file,
    target: path.resolve(path.dirname(file), specifier).replace(/\.js$/, '.ts'),
  }));
}

function roomOf(file: string): string {
  const [first, ...rest] = path.relative(SRC, file).split(path.sep);
  return rest.length === 0 ? 'root' : first!;
}

const imports = filesBelow(SRC).flatMap(importsOf);
const shown = (file: string): string => path.relative(ROOT, file);

describe('The arrows of the architecture', () => {
  it('finds the code it judges', () => {
    expect(imports.length).toBeGreaterThan(100);
    expect(new Set(filesBelow(SRC).map(roomOf))).toEqual(new Set(Object.keys(ALLOWED)));
  });

  it('point only where ARCHITECTURE.md lets them', () => {
    const wrong = imports
      .filter(({ file, target }) => {
        const from = roomOf(file);
        const to = roomOf(target);
        return from !== to && !ALLOWED[from]?.includes(to);
      })
      .map(({ file, target }) => `${shown(file)} → ${shown(target)}`);
    expect(wrong).toEqual([]);
  });

  it('never lead from the product into its sandbox, or back', () => {
    const sandbox = filesBelow(path.join(ROOT, 'sandbox')).flatMap(importsOf);
    const leaving = [...imports.filter(({ target }) => !target.startsWith(SRC))];
    const entering = sandbox.filter(({ target }) => !target.startsWith(path.join(ROOT, 'sandbox')));
    expect([...leaving, ...entering].map(({ file, target }) => `${shown(file)} → ${shown(target)}`)).toEqual(
      [],
    );
  });

  it('form no cycle between files', () => {
    const next = new Map<string, string[]>();
    for (const { file, target } of imports) next.set(file, [...(next.get(file) ?? []), target]);
    const cycles: string[] = [];
    const done = new Set<string>();
    const visit = (file: string, trail: string[]): void => {
      if (trail.includes(file)) {
        cycles.push([...trail.slice(trail.indexOf(file)), file].map(shown).join(' → '));
        return;
      }
      if (done.has(file)) return;
      for (const target of next.get(file) ?? []) visit(target, [...trail, file]);
      done.add(file);
    };
    for (const file of next.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('reach an outside library that could be replaced through one file each, or two at most', () => {
    const only: Record<string, RegExp> = {
      axios: /^src\/[a-z/-]+\/http-engine\.ts$/,
      'axios-retry': /^src\/[a-z/-]+\/http-engine\.ts$/,
      ioredis: /^src\/platform\/queue\/queue\.module\.ts$/,
      '@marcbachmann/cel-js': /^src\/mapping\//,
      'openid-client': /^src\/identity\/oidc(-configuration)?\.ts$/,
      jose: /^src\/identity\/(oidc-configuration|logout-token)\.ts$/,
    };
    const wrong = filesBelow(SRC).flatMap((file) =>
      Object.entries(only)
        .filter(([library, place]) => {
          const uses = readFileSync(file, 'utf8').includes(`from '${library}'`);
          return uses && !place.test(shown(file));
        })
        .map(([library]) => `${shown(file)} imports ${library}`),
    );
    expect(wrong).toEqual([]);
  });
});
