/** What the contract suite must know of Dataverse: a batch of changes and its answers, both multipart. */
import { made, withToken } from './dialect-connector.js';
import type { Dialect } from './dialects.js';

interface Part {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const BOUNDARY = 'batchresponse_5d7a0b1e';

export const dataverseDialect: Dialect = {
  name: 'dataverse',
  target: { object: 'contacts', operation: 'upsert', keyField: 'foyer_personid' },
  connector: made('dataverse', (loginUrl) => ({
    loginUrl,
    tenantId: 'tenant-1',
    clientId: 'id',
    clientSecret: 'secret',
  })),
  around: withToken('/tenant-1/oauth2/v2.0/token', () => ({ token_type: 'Bearer', expires_in: 3599 })),
  isWrite: (seen) => seen.path.endsWith('/$batch') && seen.body.includes('PATCH '),
  keysOf: (write) =>
    [...write.body.matchAll(/^PATCH \S+\(foyer_personid='([^']*)'\)/gm)].map(([, key]) =>
      decodeURIComponent(key!),
    ),
  success: (write) =>
    dataverseDialect
      .keysOf(write)
      .map((key) => ({ status: 201, body: { foyer_personid: key, contactid: `id-${key}` } }) satisfies Part),
  wrap: (results) => results,
  wire: {
    type: `multipart/mixed; boundary=${BOUNDARY}`,
    encode(answer) {
      const parts = (answer as (Part | null)[]).map((part) =>
        [
          `--${BOUNDARY}`,
          'Content-Type: application/http',
          'Content-Transfer-Encoding: binary',
          '',
          `HTTP/1.1 ${part?.status} Created`,
          'Content-Type: application/json; odata.metadata=minimal',
          '',
          JSON.stringify(part?.body),
        ].join('\r\n'),
      );
      return [...parts, `--${BOUNDARY}--`, ''].join('\r\n');
    },
    decode(text) {
      if (!text.endsWith(`--${BOUNDARY}--\r\n`)) return undefined;
      return [...text.matchAll(/^HTTP\/1\.1 (\d+).*\r\n(?:.+\r\n)*\r\n(.*)$/gm)].map(([, status, body]) => ({
        status: Number(status),
        body: JSON.parse(body!) as unknown,
      }));
    },
  },
  confirms(write, answer, key, id) {
    const keys = dataverseDialect.keysOf(write);
    if (!Array.isArray(answer) || answer.length !== keys.length) return false;
    const part = answer[keys.indexOf(key)] as Part | undefined;
    return (
      part !== undefined &&
      part.status < 300 &&
      part.body.contactid === id &&
      part.body.foyer_personid === key
    );
  },
};
