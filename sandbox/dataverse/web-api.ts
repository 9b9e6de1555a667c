import type { Answer, Call } from '../call.js';
import { readAddress, readKey } from './address.js';
import { Describe } from './describe.js';
import { json, refusable, type Refused, unknown } from './errors.js';
import { MULTIPLE, writeMultiple } from './multiple.js';
import type { Organisation } from './organisation.js';
import { partsOf } from './parts.js';
import { Reads } from './read.js';
import { Writes } from './write.js';

export const API = /^\/api\/data\/v9\.\d\/(.*)$/;

/** Everything below /api/data/v9.2/ but the batch, which comes here for each of its operations. */
export class WebApi {
  private readonly reads: Reads;
  private readonly writes: Writes;
  private readonly describe: Describe;

  constructor(
    private readonly organisation: Organisation,
    private readonly apiUrl: () => string,
  ) {
    this.reads = new Reads(organisation, apiUrl);
    this.writes = new Writes(organisation, apiUrl);
    this.describe = new Describe(organisation, apiUrl);
  }

  /** One operation; what it refuses stands in the journal. */
  answer(call: Call): Answer {
    const before = call.notes.length;
    const answer = refusable(() => this.operate(call));
    if (answer.status >= 400 && call.notes.length === before) {
      const response = JSON.parse(answer.body) as unknown;
      for (const part of partsOf(call)) call.notes.push({ ...part, id: null, outcome: 'rejected', response });
    }
    return answer;
  }

  private operate(call: Call): Answer {
    const path = API.exec(call.path)?.[1];
    if (path === undefined) throw unknown(404, `Resource not found for the segment '${call.path.slice(1)}'.`);
    const { name, inner, rest } = readAddress(path);
    if (name === 'EntityDefinitions') return this.describe.answer(call, inner, rest);
    if (name === 'WhoAmI' && call.method === 'GET') return whoAmI(this.apiUrl());
    const set = this.organisation.set(name);
    const multiple = MULTIPLE.exec(rest[0] ?? '');
    if (multiple !== null && call.method === 'POST')
      return writeMultiple(call, this.organisation, this.writes, set, multiple[1]!);
    if (inner === undefined) {
      if (call.method === 'POST' && rest.length === 0) return this.writes.create(call, set);
      if (call.method === 'GET' && rest[0] === '$count') return this.reads.count(set);
      if (call.method === 'GET' && rest.length === 0) return this.reads.collection(call, set);
      throw notAllowed(call);
    }
    const key = readKey(inner, set.definition.id);
    if (call.method === 'GET') return this.reads.single(call, set, key, inner, rest);
    if (rest.length > 0) throw notAllowed(call);
    if (call.method === 'PATCH') return this.writes.upsert(call, set, key, inner);
    if (call.method === 'DELETE') return this.writes.remove(call, set, key);
    throw notAllowed(call);
  }
}

export function notAllowed(call: Call): Refused {
  return unknown(405, `The requested resource does not support http method '${call.method}'.`);
}

function whoAmI(apiUrl: string): Answer {
  return json(200, {
    '@odata.context': `${apiUrl}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse`,
    BusinessUnitId: 'c41a7e02-1b5f-ef11-a73d-000d3a993550',
    UserId: '3f6c8b21-4d7a-ef11-a73d-000d3a993550',
    OrganizationId: '0e9d4c77-1b5f-ef11-a73d-000d3a993550',
  });
}
