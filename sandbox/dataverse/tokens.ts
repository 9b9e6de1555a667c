import { randomBytes, randomUUID } from 'node:crypto';
import type { Answer, Call } from '../call.js';
import type { DataverseSettings } from './settings.js';

interface Token {
  endsAt: number;
  isStranger: boolean;
}

/** What a bearer token is worth; `stranger`: good in the tenant, with no application user in this environment. */
export type Standing = 'good' | 'expired' | 'unknown' | 'absent' | 'stranger';

/** Microsoft Entra's token endpoint, client credentials only. */
export class Tokens {
  private readonly issued = new Map<string, Token>();

  constructor(private readonly settings: DataverseSettings) {}

  /** The tenant that a token address names; undefined: it is none. */
  static tenantOf(path: string): string | undefined {
    return /^\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(path)?.[1];
  }

  issue(call: Call, tenant: string, resource: string): Answer {
    const { clientId, clientSecret, strangerId, tokenSeconds } = this.settings;
    const form = new URLSearchParams(call.body.toString('utf8'));
    if (call.method !== 'POST')
      return refused(400, 'invalid_request', 900561, 'The endpoint only accepts POST requests.');
    if (tenant !== this.settings.tenant)
      return refused(400, 'invalid_request', 90002, `Tenant '${tenant}' not found.`);
    const grant = form.get('grant_type');
    if (grant !== 'client_credentials')
      return refused(
        400,
        'unsupported_grant_type',
        70003,
        `The app requested an unsupported grant type '${grant ?? ''}'.`,
      );
    const client = form.get('client_id');
    if (client !== clientId && client !== strangerId)
      return refused(
        400,
        'unauthorized_client',
        700016,
        `Application with identifier '${client ?? ''}' was not found in the directory.`,
      );
    if (form.get('client_secret') !== clientSecret)
      return refused(401, 'invalid_client', 7000215, 'Invalid client secret provided.');
    const scope = form.get('scope') ?? '';
    if (!scope.endsWith('/.default'))
      return refused(400, 'invalid_scope', 1002012, `The provided value for scope ${scope} is not valid.`);
    if (hostOf(scope) !== hostOf(resource) && hostOf(scope) !== call.headers.host)
      return refused(
        400,
        'invalid_resource',
        500011,
        `The resource principal named ${scope.slice(0, -9)} was not found.`,
      );
    const text = `eyJ0eXAiOiJKV1QifQ.${randomBytes(48).toString('base64url')}.${randomBytes(24).toString('base64url')}`;
    this.issued.set(text, { endsAt: call.at + tokenSeconds * 1000, isStranger: client === strangerId });
    return plain(200, {
      token_type: 'Bearer',
      expires_in: tokenSeconds,
      ext_expires_in: tokenSeconds,
      access_token: text,
    });
  }

  standing(call: Call): Standing {
    const given = /^bearer (.+)$/i.exec(call.headers.authorization ?? '')?.[1];
    if (given === undefined) return 'absent';
    const token = this.issued.get(given);
    if (token === undefined) return 'unknown';
    if (token.endsAt <= call.at) return 'expired';
    return token.isStranger ? 'stranger' : 'good';
  }

  revoke(): number {
    const count = this.issued.size;
    this.issued.clear();
    return count;
  }
}

function refused(status: number, error: string, code: number, message: string): Answer {
  const [trace_id, correlation_id] = [randomUUID(), randomUUID()];
  const timestamp = `${new Date().toISOString().slice(0, 19).replace('T', ' ')}Z`;
  return plain(status, {
    error,
    error_description: `AADSTS${code}: ${message} Trace ID: ${trace_id} Correlation ID: ${correlation_id} Timestamp: ${timestamp}`,
    error_codes: [code],
    timestamp,
    trace_id,
    correlation_id,
  });
}

function plain(status: number, body: object): Answer {
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store, no-cache',
  };
  return { status, headers, body: JSON.stringify(body) };
}

function hostOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).host : undefined;
}
