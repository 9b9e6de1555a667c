import { type Answer, type Call, decoded } from '../call.js';
import type { ApiUsage } from './api-usage.js';
import { createCollection, deleteCollection, updateCollection, upsertCollection } from './collections.js';
import { composite, compositeGraph } from './composite.js';
import { describeBasic, describeFull, describeGlobal } from './describe.js';
import { Unreadable, failure, json, notAllowed, notFound } from './errors.js';
import type { Org } from './org.js';
import type { Queries } from './query.js';
import { retrieveCollection } from './retrieve.js';
import { createRow, deleteRow, deleteRowByKey, readRow, readRowByKey, updateRow, upsertRow } from './rows.js';
import type { SObject } from './sobject.js';

const VERSIONED = /^\/services\/data\/v(\d{2,3}\.\d)(?:\/(.*?))?\/?$/;
const [OLDEST, NEWEST] = [31, 99];
const LISTED = ['58.0', '59.0', '60.0', '61.0', '62.0', '63.0', '64.0'];
const RESOURCES = ['composite', 'limits', 'query', 'queryAll', 'sobjects'];
/** When the org's definitions last changed, and the tag of that state. */
const METADATA = { 'Last-Modified': 'Mon, 05 Jan 2026 09:00:00 GMT', ETag: '"7a1c0e55"' };

/** The REST resources below /services/data/vNN.N, without login and limits. */
export class Rest {
  constructor(
    private readonly org: Org,
    private readonly usage: ApiUsage,
    private readonly queries: Queries,
  ) {}

  answer(call: Call): Answer {
    const found = VERSIONED.exec(call.path);
    const version = Number(found?.[1]);
    if (found === null || version < OLDEST || version > NEWEST) return notFound();
    const base = `/services/data/v${found[1]!}`;
    const parts = (found[2] ?? '').split('/').map(decoded);
    try {
      return this.resource(call, parts, base);
    } catch (thrown) {
      if (!(thrown instanceof Unreadable)) throw thrown;
      return failure(thrown.code === 'NOT_FOUND' ? 404 : 400, { code: thrown.code, message: thrown.message });
    }
  }

  private resource(call: Call, parts: string[], base: string): Answer {
    const [resource = '', ...rest] = parts;
    switch (resource) {
      case '':
        return json(200, Object.fromEntries(RESOURCES.map((name) => [name, `${base}/${name}`])));
      case 'sobjects':
        return this.sobjects(call, rest, base);
      case 'composite':
        return this.composite(call, rest, base);
      case 'query':
      case 'queryAll':
        if (call.method !== 'GET') return notAllowed(call.method);
        return rest[0] === undefined
          ? this.queries.run(call, base, resource === 'queryAll')
          : this.queries.more(rest[0], base);
      case 'limits':
        return this.limits(call, rest);
      default:
        return notFound();
    }
  }

  private sobjects(call: Call, [name, second, third]: string[], base: string): Answer {
    if (name === undefined || name === '') return metadata(call, () => describeGlobal(this.org, base));
    const sobject = this.org.sobject(name);
    if (sobject === undefined) return notFound();
    if (second === undefined) {
      if (call.method === 'POST') return createRow(this.org, call, sobject, base);
      return call.method === 'GET' ? json(200, describeBasic(sobject, base)) : notAllowed(call.method);
    }
    if (second === 'describe' && third === undefined)
      return metadata(call, () => describeFull(this.org, sobject, base));
    if (third === undefined) return this.row(call, sobject, second, base);
    return this.rowByKey(call, sobject, second, third, base);
  }

  private row(call: Call, sobject: SObject, id: string, base: string): Answer {
    if (call.method === 'GET') return readRow(this.org, call, sobject, id, base);
    if (call.method === 'PATCH') return updateRow(this.org, call, sobject, id);
    return call.method === 'DELETE' ? deleteRow(this.org, call, sobject, id) : notAllowed(call.method);
  }

  private rowByKey(call: Call, sobject: SObject, keyName: string, value: string, base: string): Answer {
    const field = sobject.byLowerCase.get(keyName.toLowerCase());
    if (field?.isIdLookup !== true)
      return notFound(`Provided external ID field does not exist or is not accessible: ${keyName}`);
    if (field.name === 'Id') return this.row(call, sobject, value, base);
    if (call.method === 'GET') return readRowByKey(this.org, call, sobject, field, value, base);
    if (call.method === 'PATCH') return upsertRow(this.org, call, sobject, field, value, base);
    if (call.method === 'DELETE') return deleteRowByKey(this.org, call, sobject, field, value, base);
    return notAllowed(call.method);
  }

  private composite(call: Call, [kind, name, keyName]: string[], base: string): Answer {
    const part = (inner: Call) => this.answer(inner);
    if (kind === undefined)
      return call.method === 'POST' ? composite(this.org, call, part) : notAllowed(call.method);
    if (kind === 'graph')
      return call.method === 'POST' ? compositeGraph(this.org, call, part) : notAllowed(call.method);
    if (kind !== 'sobjects') return notFound();
    if (name === undefined) return this.collection(call);
    const sobject = this.org.sobject(name);
    if (sobject === undefined) return notFound();
    if (keyName === undefined && (call.method === 'POST' || call.method === 'GET'))
      return retrieveCollection(this.org, call, sobject, base);
    if (keyName !== undefined && call.method === 'PATCH')
      return upsertCollection(this.org, call, sobject, keyName);
    return notAllowed(call.method);
  }

  private collection(call: Call): Answer {
    if (call.method === 'POST') return createCollection(this.org, call);
    if (call.method === 'PATCH') return updateCollection(this.org, call);
    return call.method === 'DELETE' ? deleteCollection(this.org, call) : notAllowed(call.method);
  }

  private limits(call: Call, [kind]: string[]): Answer {
    if (kind === undefined) return json(200, this.usage.limits());
    if (kind !== 'recordCount') return notFound();
    const asked = (call.query.get('sObjects') ?? '').split(',').filter((name) => name !== '');
    const wanted = asked.length === 0 ? this.org.sobjects.map(({ name }) => name) : asked;
    const sObjects = wanted.flatMap((name) => {
      const sobject = this.org.sobject(name);
      const table = sobject === undefined ? undefined : this.org.table(sobject);
      return table === undefined || table.rows.length === 0
        ? []
        : [{ count: table.liveCount(), name: table.object }];
    });
    return json(200, { sObjects });
  }
}

/** GET /services/data: needs no login. */
export function listVersions(): Answer {
  return json(
    200,
    LISTED.map((version) => ({ label: `v${version}`, url: `/services/data/v${version}`, version })),
  );
}

/** Definitions answer 304 to a client that has them already. */
function metadata(call: Call, body: () => object): Answer {
  if (call.method !== 'GET') return notAllowed(call.method);
  const since = Date.parse(call.headers['if-modified-since'] ?? '');
  if (since >= Date.parse(METADATA['Last-Modified'])) return { status: 304, headers: METADATA, body: '' };
  return json(200, body(), METADATA);
}
