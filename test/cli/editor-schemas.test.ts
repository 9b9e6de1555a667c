import { Ajv, type ValidateFunction } from 'ajv';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { schemasNow } from '../../src/cli/schemas.js';
import { sound } from '../mapping/mapping-text.js';

const schemas = await schemasNow();

const compiled = new Map<string, ValidateFunction>();

function validatorOf(schema: string): ValidateFunction {
  const text = schemas.get(path.join('config/schemas', `${schema}.schema.json`))!;
  const validate =
    compiled.get(schema) ?? new Ajv({ allErrors: true, strict: false }).compile(JSON.parse(text) as object);
  compiled.set(schema, validate);
  return validate;
}

function faultsOf(schema: string, text: string): string[] {
  const validate = validatorOf(schema);
  validate(parse(text, { merge: true }));
  return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
}

function yamlIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => path.join(folder, name));
}

describe('The schemas that editors check by', () => {
  it.each([...schemas])('are current (else: npm run schemas): %s', (file, text) => {
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it.each(yamlIn('mappings'))('have nothing against a mapping that ships: %s', (file) => {
    expect(faultsOf('mapping', readFileSync(file, 'utf8'))).toEqual([]);
  });

  it.each(yamlIn('mappings/picklists'))('nor against a table: %s', (file) => {
    expect(faultsOf('picklist', readFileSync(file, 'utf8'))).toEqual([]);
  });

  it.each([
    ['settings', 'config/default.yaml'],
    ['destinations', 'config/destinations.yaml'],
    ['schedules', 'config/schedules.yaml'],
  ])('nor against the configuration that ships: %s', (schema, file) => {
    expect(faultsOf(schema, readFileSync(file, 'utf8'))).toEqual([]);
  });

  const contact = readFileSync('mappings/hubspot.contact.yaml', 'utf8');

  it.each([
    ['lanes: 4', 'lanes: 400', '/lanes maximum'],
    ['operation: upsert', 'operation: upsrt', '/operation enum'],
    ['whenNot: { foyer_status: withdrawn }\n', '', ' dependencies'],
    ['  lastname: person.lastName', '  lastnaem: person.lastName', '/fields propertyNames'],
    ['key: { field: foyer_person_id', 'key: { field: company', '/key/field enum'],
    ['missing: reject }', 'mising: reject }', '/fields/email anyOf'],
    ['stream: person', 'stream: persons', '/stream enum'],
  ])('mark what is wrong: %s → %s', (from, to, fault) => {
    expect(contact).toContain(from);
    expect(faultsOf('mapping', contact.replace(from, to))).toContain(fault);
  });

  it('let a target be new, and mark settings out of their bounds', () => {
    expect(faultsOf('mapping', sound)).toEqual([]);
    expect(faultsOf('settings', 'http: { port: 70000 }')).toEqual(['/http/port maximum']);
    expect(faultsOf('schedules', 'nightly: { report: ledger, cron: daily, timeZone: UTC }').sort()).toEqual([
      '/nightly/cron pattern',
      '/nightly/report enum',
    ]);
  });
});
