/**
 * The OpenID Foundation's plans for relying parties with the code flow, and the modules of each, by the names that its
 * conformance suite gives them (`testName` in src/main/java/net/openid/conformance/openid/client of
 * openid-certification/conformance-suite, as of 12f2a4dac646, 20 August 2026).
 *
 * The suite's other modules do not concern us: they are for the implicit and hybrid flows, form_post, request objects,
 * refresh tokens, front-channel logout, session management, webfinger and dynamic registration, which Foyer does not use.
 */
export const PLANS = {
  'oidcc-client-basic-certification-test-plan': [
    'oidcc-client-test',
    'oidcc-client-test-invalid-iss',
    'oidcc-client-test-missing-sub',
    'oidcc-client-test-invalid-aud',
    'oidcc-client-test-missing-iat',
    'oidcc-client-test-kid-absent-single-jwks',
    'oidcc-client-test-kid-absent-multiple-jwks',
    'oidcc-client-test-idtoken-sig-rs256',
    'oidcc-client-test-idtoken-sig-none',
    'oidcc-client-test-invalid-sig-rs256',
    'oidcc-client-test-userinfo-invalid-sub',
    'oidcc-client-test-nonce-invalid',
    'oidcc-client-test-scope-userinfo-claims',
    'oidcc-client-test-client-secret-basic',
  ],
  'oidcc-client-config-certification-test-plan': [
    'oidcc-client-test-discovery-openid-config',
    'oidcc-client-test-discovery-jwks-uri-keys',
    'oidcc-client-test-discovery-issuer-mismatch',
    'oidcc-client-test-idtoken-sig-none',
    'oidcc-client-test-signing-key-rotation-just-before-signing',
    'oidcc-client-test-signing-key-rotation',
  ],
  'oidcc-client-rp-initiated-logout-rp-basic': [
    'oidcc-client-test-rp-init-logout',
    'oidcc-client-test-rp-init-logout-other-state',
    'oidcc-client-test-rp-init-logout-no-state',
  ],
  'oidcc-client-back-channel-logout-rp-basic': [
    'oidcc-client-test-rp-backchannel-rpinitlogout',
    'oidcc-client-test-rp-backchannel-rpinitlogout-alg-none',
    'oidcc-client-test-rp-backchannel-rpinitlogout-no-event',
    'oidcc-client-test-rp-backchannel-rpinitlogout-with-nonce',
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-alg',
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-aud',
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-event',
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-iss',
  ],
} as const;

/** Modules of the suite outside these plans that a client of the code flow can fail too. */
const FURTHER = [
  'oidcc-client-test-missing-aud',
  'oidcc-client-test-invalid-athash',
  'oidcc-client-test-invalid-sig-es256',
  'oidcc-client-test-invalid-sig-hs256',
  'oidcc-client-test-userinfo-bearer-header',
] as const;

export type OfficialId = (typeof PLANS)[keyof typeof PLANS][number] | (typeof FURTHER)[number];

/** The Foundation's name of a test, or our own where it has none for it. */
export type TestId = OfficialId | `foyer-${string}`;

export const OFFICIAL: readonly OfficialId[] = [
  ...new Set<OfficialId>([...Object.values(PLANS).flat(), ...FURTHER]),
];
