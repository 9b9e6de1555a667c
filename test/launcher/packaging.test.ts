import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../sandbox/arguments.js';
import { TWIN_NAMES } from '../../sandbox/vendor.js';
import { parse } from 'yaml';
import { environmentName } from '../../src/platform/config/load-settings.js';

interface Service {
  image?: string;
  build?: string;
  command?: string[];
  profiles?: string[];
  environment?: Record<string, string | number>;
  ports?: string[];
  volumes?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
}

const compose = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, null>;
};
const services = Object.entries(compose.services);
const dockerfile = readFileSync('Dockerfile', 'utf8');
const example = readFileSync('.env.example', 'utf8');

/** The scripts and what they import, at once or later; what only a checkout needs, to build itself, is not among them. */
function loadedBy(scripts: readonly string[], known = new Set<string>()): Set<string> {
  for (const script of scripts.filter((one) => !known.has(one) && !/\/(install|build)\.mjs$/.test(one))) {
    known.add(script);
    const imports = readFileSync(script, 'utf8').matchAll(/(?:from|import\() ?'(\.[\w./-]+)'/g);
    loadedBy(
      [...imports].map((match) => path.join(path.dirname(script), match[1]!)),
      known,
    );
  }
  return known;
}

describe('docker compose', () => {
  it('runs Foyer, PostgreSQL, Redis, a mailbox, people to log in with and both twins', () => {
    expect(Object.keys(compose.services)).toEqual(
      expect.arrayContaining([
        'api',
        'worker',
        'postgres',
        'redis',
        'mailbox',
        'identity',
        'hubspot-twin',
        'salesforce-twin',
      ]),
    );
  });

  it('waits only for services and conditions that exist', () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const needed = compose.services[other];
        expect(needed, `${name} → ${other}`).toBeDefined();
        if (condition === 'service_healthy') expect(needed!.healthcheck, other).toBeDefined();
      }
    }
  });

  it('opens ports on loopback only', () => {
    for (const port of services.flatMap(([, service]) => service.ports ?? []))
      expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('keeps data in volumes that are declared', () => {
    for (const volume of services.flatMap(([, service]) => service.volumes ?? [])) {
      expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
    }
  });

  it('starts scripts whose source is in the repository', () => {
    const commands = services.map(([, { command = [] }]) => command.join(' '));
    const scripts = [...commands, dockerfile].flatMap(
      (text) => text.match(/(?:dist|scripts)\/[\w/-]+\.m?js/g) ?? [],
    );
    expect(scripts).toEqual(expect.arrayContaining(['dist/sandbox/main.js', 'scripts/program.mjs']));
    for (const script of scripts) {
      const source = script.replace(/^dist\/(sandbox\/.*)\.js$/, '$1.ts');
      expect(existsSync(source), source).toBe(true);
    }
  });

  it('has every script in its image that its scripts load', () => {
    const started = ['scripts/program.mjs', 'scripts/foyer.mjs', 'scripts/launcher/check-thread.mjs'];
    for (const script of loadedBy(started))
      expect(dockerfile).toMatch(new RegExp(`^COPY .*${script}( |$)`, 'm'));
  });

  it('calls the twins as they want to be called, reachable under their service names', () => {
    const twins = services.filter(([, { command = [] }]) => command.includes('dist/sandbox/main.js'));
    expect(twins.map(([name]) => name).sort()).toEqual(TWIN_NAMES.map((name) => `${name}-twin`).sort());
    const inProfile = twins.filter(([, { profiles }]) => profiles?.includes('twins'));
    expect(inProfile.map(([name]) => name)).toEqual([
      'marketo-twin',
      'dataverse-twin',
      'mailchimp-twin',
      's3-twin',
    ]);
    for (const [name, { command = [] }] of twins) {
      const wanted = readArguments(command.slice(2));
      expect(wanted).toMatchObject({
        host: '0.0.0.0',
        url: expect.stringContaining(`http://${name}:`) as string,
      });
    }
  });

  it('gives the program no setting that it does not know', () => {
    const known = new Set(settingNames());
    const given = services.flatMap(([, { environment = {} }]) => Object.keys(environment));
    for (const name of given.filter((one) => /^FOYER_[A-Z]+_/.test(one) && !CUSTOMARY.includes(one))) {
      expect(known).toContain(name);
    }
  });

  it('asks for every secret it needs, and .env.example names each', () => {
    const asked = [...readFileSync('docker-compose.yml', 'utf8').matchAll(/\$\{(\w+):\?/g)].map(
      (match) => match[1]!,
    );
    expect(asked).not.toEqual([]);
    for (const name of asked) expect(example).toMatch(new RegExp(`^# ${name}=`, 'm'));
  });
});

describe('the image', () => {
  it('copies only what exists and what .dockerignore lets through', () => {
    const allowed = readFileSync('.dockerignore', 'utf8').match(/(?<=^!).+$/gm) ?? [];
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
      match[1]!.split(' '),
    );
    expect(copied).not.toEqual([]);
    for (const file of copied) {
      expect(existsSync(file), file).toBe(true);
      expect(allowed).toContain(file.split('/')[0]);
    }
  });

  it('does not run as root', () => {
    expect(dockerfile).toMatch(/^USER node$/m);
  });
});

describe('.env.example', () => {
  it('names every setting of config/default.yaml once, and no other', () => {
    const named = [...example.matchAll(/^# ((?:FOYER_|PORT|DATABASE_|REDIS_)\w*)=/gm)].map(
      (match) => match[1]!,
    );
    expect(named.length).toBe(new Set(named).size);
    const stands = new Map(Object.entries(LONG_NAMES));
    const wanted = settingNames().map((name) => stands.get(name) ?? name);
    expect([...named].sort()).toEqual([...wanted, 'FOYER_VAR_DIR', 'FOYER_TWINS'].sort());
  });
});

/** Settings that are better known by another name. */
const LONG_NAMES: Record<string, string> = {
  FOYER_PROCESS_ROLE: 'FOYER_ROLE',
  FOYER_HTTP_HOST: 'FOYER_HOST',
  FOYER_HTTP_PORT: 'PORT',
  FOYER_DATABASE_URL: 'DATABASE_URL',
  FOYER_REDIS_URL: 'REDIS_URL',
  FOYER_IDENTITY_SECRET: 'FOYER_SECRET',
  FOYER_IDENTITY_OPERATOR_KEY: 'FOYER_OPERATOR_KEY',
};
const CUSTOMARY = Object.values(LONG_NAMES);

function settingNames(): string[] {
  const tree = parse(readFileSync('config/default.yaml', 'utf8')) as Record<string, Record<string, unknown>>;
  return Object.entries(tree).flatMap(([section, values]) =>
    Object.keys(values).map((name) => environmentName(section, name)),
  );
}
