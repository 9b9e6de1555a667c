import type { Clock } from '../platform/clock.js';
import type { HttpEngine } from '../platform/http-client/http-engine.js';
import { AccessToken, tokenFor } from './access-token.js';
import type { HubspotSettings } from './hubspot-settings.js';

/** The token of a private app has no end; an app that was installed renews its own (RFC 6749, section 6). */
export function hubspotToken(
  settings: HubspotSettings,
  engine: HttpEngine,
  clock: Clock,
): AccessToken<string> {
  const { refreshToken, clientId, clientSecret, token } = settings;
  if (refreshToken === '')
    return new AccessToken(() => Promise.resolve({ login: token, lifeMs: null }), clock);
  const form = {
    grant_type: 'refresh_token',
    client_id: clientId,
    client_secret: clientSecret,
    refresh_token: refreshToken,
  };
  const words = { who: 'HubSpot', advice: 'check client id, secret and refresh token of the app' };
  return tokenFor(engine, `${settings.baseUrl}${settings.tokenPath}`, form, words, clock);
}
