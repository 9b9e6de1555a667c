/** Records of nobody: made from a stream's contract, or from a real record whose person is taken out of it. */
import type { Attribute, Attributes, StreamContract } from './stream-contracts.js';

/** A value for an attribute by its name, the n-th of its kind; texts of no such name say what they are. */
const samples: Readonly<Record<string, (n: number) => string>> = {
  email: (n) => `person-${n}@example.com`,
  firstName: (n) => (n === 1 ? 'Ana' : `Ana-${n}`),
  lastName: (n) => (n === 1 ? 'Ruiz' : `Ruiz-${n}`),
  company: (n) => (n === 1 ? 'Example Ltd' : `Example ${n} Ltd`),
  jobTitle: (n) => (n === 1 ? 'Engineer' : `Engineer ${n}`),
  country: () => 'ES',
  phone: (n) => `+3491000${String(n).padStart(4, '0')}`,
  locale: () => 'es-ES',
  timeZone: () => 'Europe/Madrid',
};
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const time = /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/;
const depthMax = 6;

/** A whole record: every attribute once, with a consent to marketing. */
export function sampleRecord(contract: StreamContract): Record<string, unknown> {
  return sampleObject(contract.variables, contract, 0);
}

/**
 * The same record without its person: what may leave only with consent, and every id, is replaced, each value by the
 * same one wherever it stands. What the contract does not know is left out.
 */
export function withoutPerson(record: unknown, contract: StreamContract): Record<string, unknown> {
  return new Replacing(contract).object(record, contract.variables);
}

class Replacing {
  private readonly replaced = new Map<string, string>();
  private readonly counts = new Map<string, number>();

  constructor(private readonly contract: StreamContract) {}

  object(value: unknown, attributes: Attributes): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
    const known = Object.entries(value).filter(([name]) => Object.hasOwn(attributes, name));
    return Object.fromEntries(known.map(([name, part]) => [name, this.part(part, name, attributes[name]!)]));
  }

  private part(value: unknown, name: string, attribute: Attribute): unknown {
    if (value === null) return null;
    const element = /^list<(.*)>$/.exec(attribute.type)?.[1];
    if (element !== undefined && Array.isArray(value)) {
      return value.map((item) => this.part(item, name, { ...attribute, type: element }));
    }
    if (Object.hasOwn(this.contract.types, attribute.type)) {
      return this.object(value, this.contract.types[attribute.type]!);
    }
    return attribute.consentBound ? this.personal(value, name) : this.plain(value);
  }

  /** Texts that are not a person's stay, but for ids: they lead back to one. */
  private plain(value: unknown): unknown {
    return typeof value === 'string' && uuid.test(value) ? this.once('id', value) : value;
  }

  private personal(value: unknown, name: string): unknown {
    if (typeof value === 'string') return time.test(value) ? value : this.once(name, value);
    if (Array.isArray(value)) return value.map((item) => this.personal(item, name));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, this.personal(part, key)]));
  }

  private once(name: string, value: string): string {
    const key = `${name}\u0000${value}`;
    const known = this.replaced.get(key);
    if (known !== undefined) return known;
    const n = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, n);
    const made = name === 'id' ? idOf(n) : Object.hasOwn(samples, name) ? samples[name]!(n) : `${name} ${n}`;
    this.replaced.set(key, made);
    return made;
  }
}

function sampleObject(
  attributes: Attributes,
  contract: StreamContract,
  depth: number,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [name, sampleOf(name, attribute, contract, depth)]),
  );
}

function sampleOf(
  name: string,
  { type, values }: Attribute,
  contract: StreamContract,
  depth: number,
): unknown {
  if (name === 'purpose') return 'marketing';
  if (name === 'erasedAt') return null;
  if (values) return values.includes('confirmed') ? 'confirmed' : values[0];
  const element = /^list<(.*)>$/.exec(type)?.[1];
  if (element !== undefined)
    return depth < depthMax ? [sampleOf(name, { type: element }, contract, depth + 1)] : [];
  if (Object.hasOwn(contract.types, type)) return sampleObject(contract.types[type]!, contract, depth + 1);
  if (type.startsWith('map<')) return {};
  if (type === 'int' || type === 'double') return 1;
  if (type === 'bool') return true;
  if (name === 'id' || name.endsWith('Id')) return idOf(1);
  if (name === 'at' || name.endsWith('At')) return '2026-03-01T09:00:00.000Z';
  return Object.hasOwn(samples, name) ? samples[name]!(1) : name;
}

function idOf(n: number): string {
  return `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
}
