/** How a declared backend is shown who we are. */
import { bodyTemplate } from './template.js';
import { oneOf, optional, type Part, secret, shape, text, type ValueOf, whole } from './shape.js';

const HEADER = /^[\w-]+$/;

const kinds = {
  none: shape('Nobody asks.', { kind: oneOf('none', ['none']) }),
  basic: shape('HTTP Basic (RFC 7617).', {
    kind: oneOf('basic', ['basic']),
    username: text('The user.'),
    password: secret('The password.'),
  }),
  bearer: shape('A token that does not end (RFC 6750).', {
    kind: oneOf('bearer', ['bearer']),
    token: secret('The token.'),
  }),
  apiKey: shape('A key in a header, or in the query.', {
    kind: oneOf('apiKey', ['apiKey']),
    key: secret('The key.'),
    header: optional(text('The header that carries it.', HEADER), null),
    query: optional(text('The parameter of the query that carries it.', HEADER), null),
  }),
  oauth2: shape(
    'OAuth 2 client credentials (RFC 6749, 4.4). The token is renewed before it ends, and once when it is refused.',
    {
      kind: oneOf('oauth2', ['oauth2']),
      tokenUrl: text('Where tokens are had.', /^https?:\/\/\S+$/, 'a URL that begins with https://'),
      clientId: text('The id of our client.'),
      clientSecret: secret('Its secret.'),
      scope: optional(text('What is asked for.'), null),
      audience: optional(text('For whom, where the provider wants to know.'), null),
      send: optional(
        oneOf('Where the secret goes: in the form, or as HTTP Basic.', ['form', 'basic']),
        'form' as const,
      ),
    },
  ),
  hmac: shape('A signature over the call (HMAC).', {
    kind: oneOf('hmac', ['hmac']),
    secret: secret('The secret.'),
    secretIs: optional(oneOf('How the secret is written.', ['text', 'hex', 'base64']), 'text' as const),
    algorithm: optional(oneOf('The hash.', ['sha256', 'sha512', 'sha1']), 'sha256' as const),
    header: text('The header that carries the signature.', HEADER),
    prefix: optional(text('What stands before it, such as sha256=.'), ''),
    encoding: optional(oneOf('How it is written.', ['hex', 'base64']), 'hex' as const),
    signed: optional(signed(), null),
    timestampHeader: optional(text('The header that carries the time that is signed.', HEADER), null),
    timestampIn: optional(oneOf('Its unit.', ['s', 'ms']), 's' as const),
    id: optional(text('The header that carries the id of the message, where one is signed.', HEADER), null),
    skewMaxMs: optional(
      whole('Our clock is wrong when the backend’s differs by more, in milliseconds.', 1_000, 86_400_000),
      30_000,
    ),
  }),
} as const;

export type RestAuth = { [K in keyof typeof kinds]: ValueOf<(typeof kinds)[K]> }[keyof typeof kinds];

/** By its kind: each has settings of its own. */
export const restAuth: Part<RestAuth> = {
  schema: {
    description: 'How the backend is shown who we are. Secrets stand in the environment: ${NAME}.',
    oneOf: Object.entries(kinds).map(([kind, { schema }]) => ({
      ...schema,
      properties: { ...(schema.properties as object), kind: { const: kind } },
    })),
  },
  read(value, place) {
    const kind = typeof value === 'object' && value !== null ? (value as { kind?: unknown }).kind : undefined;
    const names = Object.keys(kinds) as (keyof typeof kinds)[];
    const known = names.find((name) => name === kind);
    if (!known) return place.at('kind').note(`must be one of ${names.join(', ')}`);
    const auth = (kinds[known] as Part<RestAuth>).read(value, place);
    if (auth?.kind === 'apiKey' && (auth.header === null) === (auth.query === null))
      return place.note('needs either header or query');
    return auth;
  },
};

function signed() {
  const names = ['method', 'path', 'body', 'timestamp', 'id'];
  return {
    schema: {
      description: `What is signed, as a template that reads ${names.join(', ')}. Left out: the body.`,
      type: 'string',
    },
    read(value: unknown, place: Parameters<Part<unknown>['read']>[1]) {
      if (typeof value !== 'string') return place.note('must be a text, such as {{ timestamp }}.{{ body }}');
      // Joined by words around it, so that a text of one expression stays a text.
      return bodyTemplate(value, names, (message, part) => place.note(message, part));
    },
  };
}
