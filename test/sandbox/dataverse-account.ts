/** The Dataverse twin of a test file, called by who has an account there. */
import { beforeAll, beforeEach } from 'vitest';
import { dataverse } from '../../sandbox/dataverse/dataverse.js';
import type { DataverseSettings } from '../../sandbox/dataverse/settings.js';
import type { Twin } from '../../sandbox/twin.js';
import { call, control, type Reply, started } from './twins.js';

interface Failure {
  error: { code: string; message: string };
}

export const RETURNED = { Prefer: 'return=representation' };

export async function login(of: Twin, more: Record<string, string> = {}, tenant = 'twin-tenant') {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'twin-client',
    client_secret: 'twin-secret',
    scope: `${of.url}/.default`,
    ...more,
  });
  return call<{ access_token: string; error: string; error_codes: number[] }>(
    'POST',
    `${of.url}/${tenant}/oauth2/v2.0/token`,
    form.toString(),
    { 'Content-Type': 'application/x-www-form-urlencoded' },
  );
}

/** One twin for the tests of a file; before each it is empty, without faults and limits. */
export function dataverseAccount() {
  let twin: Twin;
  let token: string;
  async function other(settings: Partial<DataverseSettings>): Promise<void> {
    twin = await started(dataverse({}, settings));
    token = (await login(twin)).body.access_token;
  }
  beforeAll(() => other({}));
  beforeEach(async () => {
    await control(twin, 'DELETE', '');
    await control(twin, 'PUT', '/faults', { faults: [], limits: false });
  });
  function ask<Body = Failure>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply<Body>> {
    return call<Body>(method, `${twin.url}/api/data/v9.2/${path}`, body, {
      Authorization: `Bearer ${token}`,
      Accept: 'application/json',
      'OData-Version': '4.0',
      'OData-MaxVersion': '4.0',
      'If-None-Match': 'null',
      ...headers,
    });
  }
  return {
    get twin() {
      return twin;
    },
    get token() {
      return token;
    },
    ask,
    /** Another twin, with these settings and its limits on, in the place of the first. */
    other,
  };
}
