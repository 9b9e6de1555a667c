import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';

/** A destinations file that leads to the given twins. */
export function destinationsFor(
  urls: { hubspot?: string; salesforce?: string },
  callTimeoutMs = 2_000,
  changes: { readonly hubspot?: object; readonly salesforce?: object } = {},
): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'foyer-destinations-')), 'destinations.yaml');
  const nowhere = 'http://127.0.0.1:1';
  writeFileSync(
    file,
    stringify({
      hubspot: {
        connector: 'hubspot',
        mappings: 'hubspot.contact',
        baseUrl: urls.hubspot ?? nowhere,
        token: 'pat-twin-0000',
        objectsPath: '/crm/v3/objects',
        accountTimeZone: 'UTC',
        callTimeoutMs,
        callsPerSecond: null,
        ...changes.hubspot,
      },
      salesforce: {
        connector: 'salesforce',
        mappings: 'salesforce.lead',
        baseUrl: urls.salesforce ?? nowhere,
        clientId: 'twin-client',
        clientSecret: 'twin-secret',
        apiVersion: 'v60.0',
        callTimeoutMs,
        callsPerSecond: null,
        ...changes.salesforce,
      },
    }),
  );
  return file;
}
