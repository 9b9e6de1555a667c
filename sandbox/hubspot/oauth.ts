import { randomBytes } from 'node:crypto';
import type { Answer, Call } from '../call.js';
import { json } from './errors.js';
import type { HubspotSettings } from './settings.js';

/** Access tokens kept; the oldest end first. */
const TOKENS_MAX = 1000;

/** POST /oauth/v1/token: access tokens of a public app, by its refresh token. They are gone after a restart. */
export class OAuth {
  private readonly endsAt = new Map<string, number>();

  constructor(private readonly settings: HubspotSettings) {}

  issue(call: Call): Answer {
    const form = new URLSearchParams(call.body.toString('utf8'));
    const { clientId, clientSecret, refreshToken, accessTokenSeconds } = this.settings;
    const refuse = (status: string, message: string) => json(400, { status, message });
    if (form.get('grant_type') !== 'refresh_token')
      return refuse('BAD_GRANT_TYPE', 'missing or unknown grant type');
    if (form.get('client_id') !== clientId) return refuse('BAD_CLIENT_ID', 'missing or unknown client id');
    if (form.get('client_secret') !== clientSecret)
      return refuse('BAD_CLIENT_SECRET', 'missing or invalid client secret');
    if (form.get('refresh_token') !== refreshToken)
      return refuse('BAD_REFRESH_TOKEN', 'missing or unknown refresh token');
    const token = `CN${randomBytes(24).toString('base64url')}`;
    this.endsAt.set(token, call.at + accessTokenSeconds * 1000);
    if (this.endsAt.size > TOKENS_MAX) this.endsAt.delete(this.endsAt.keys().next().value!);
    return json(200, {
      token_type: 'bearer',
      refresh_token: refreshToken,
      access_token: token,
      expires_in: accessTokenSeconds,
    });
  }

  /** Whether a token is one of ours and still good. */
  state(token: string, at: number): 'good' | 'expired' | 'unknown' {
    const endsAt = this.endsAt.get(token);
    if (endsAt === undefined) return 'unknown';
    return at < endsAt ? 'good' : 'expired';
  }

  /** Ends every access token. */
  revoke(): number {
    const ended = this.endsAt.size;
    for (const token of this.endsAt.keys()) this.endsAt.set(token, 0);
    return ended;
  }
}
