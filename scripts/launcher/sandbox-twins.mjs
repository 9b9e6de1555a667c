/**
 * The sandbox twins that `npm start` can bring along. `credentials` are settings of the program that the twin must know
 * as well: the name there, and which secret of this installation they are where nobody gave one.
 */
const TWINS = {
  hubspot: {
    title: 'HubSpot',
    port: 4010,
    address: 'HUBSPOT_BASE_URL',
    credentials: { HUBSPOT_TOKEN: ['TWIN_HUBSPOT_TOKEN', 'hubspotToken'] },
  },
  salesforce: {
    title: 'Salesforce',
    port: 4020,
    address: 'SALESFORCE_BASE_URL',
    credentials: {
      SALESFORCE_CLIENT_ID: ['TWIN_SALESFORCE_CLIENT_ID', 'salesforceClientId'],
      SALESFORCE_CLIENT_SECRET: ['TWIN_SALESFORCE_CLIENT_SECRET', 'salesforceClientSecret'],
    },
  },
  marketo: {
    title: 'Marketo',
    port: 4030,
    address: 'MARKETO_BASE_URL',
    credentials: {
      MARKETO_CLIENT_ID: ['TWIN_MARKETO_CLIENT_ID', 'marketoClientId'],
      MARKETO_CLIENT_SECRET: ['TWIN_MARKETO_CLIENT_SECRET', 'marketoClientSecret'],
    },
  },
  dataverse: {
    title: 'Dataverse',
    port: 4040,
    address: 'DATAVERSE_BASE_URL',
    /** The tenant lives at the twin's address too. */
    also: (url) => ({ DATAVERSE_LOGIN_URL: url }),
    credentials: {
      DATAVERSE_TENANT_ID: ['TWIN_DATAVERSE_TENANT', 'dataverseTenantId'],
      DATAVERSE_CLIENT_ID: ['TWIN_DATAVERSE_CLIENT_ID', 'dataverseClientId'],
      DATAVERSE_CLIENT_SECRET: ['TWIN_DATAVERSE_CLIENT_SECRET', 'dataverseClientSecret'],
    },
  },
  mailchimp: {
    title: 'Mailchimp',
    port: 4050,
    address: 'MAILCHIMP_BASE_URL',
    path: '/3.0',
    credentials: {
      MAILCHIMP_API_KEY: ['TWIN_MAILCHIMP_API_KEY', 'mailchimpApiKey'],
      MAILCHIMP_LIST: ['TWIN_MAILCHIMP_LIST_ID', 'mailchimpList'],
    },
  },
  s3: {
    title: 'S3',
    port: 4060,
    address: 'S3_ENDPOINT',
    /** A bucket is one of two places that this destination may be. */
    enabling: 'STORAGE_ENABLED',
    credentials: {
      S3_ACCESS_KEY_ID: ['TWIN_S3_ACCESS_KEY_ID', 's3AccessKeyId'],
      S3_SECRET_ACCESS_KEY: ['TWIN_S3_SECRET_ACCESS_KEY', 's3SecretAccessKey'],
    },
  },
};
export const TWIN_NAMES = Object.keys(TWINS);
/** Without a word from anybody: quick to start, and enough to see people arrive. */
const USUAL = ['hubspot', 'salesforce'];

export function titleOf(name) {
  return TWINS[name].title;
}

/** @returns {string[]} the twins that FOYER_TWINS names; empty text: none */
export function readTwinNames(given) {
  if (given === undefined) return USUAL;
  const names = given
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const wrong = names.find((name) => !TWINS[name]);
  if (wrong) throw new Error(`FOYER_TWINS names "${wrong}"; the twins are ${TWIN_NAMES.join(', ')}.`);
  return names;
}

/** @typedef {{ name: string, title: string, port: number, env: Record<string, string>, settings: (url: string) => Record<string, string> }} TwinStart */

/**
 * What is to be started, and what the program is told. A backend whose address is given needs no twin.
 * @param {string[]} wanted
 * @param {Record<string, string | undefined>} env what was given to the launcher
 * @param {Record<string, string>} secrets of this installation
 * @returns {{ starts: TwinStart[], known: Record<string, string> }}
 */
export function twinPlan(wanted, env, secrets) {
  const isGiven = (name) => Boolean(env[TWINS[name].address]);
  const left = USUAL.filter((name) => !wanted.includes(name) && !isGiven(name));
  return {
    starts: wanted
      .filter((name) => !isGiven(name))
      .map((name) => startOf(name, credentialsOf(name, env, secrets))),
    known: {
      // Nothing is sent to a usual backend that has neither an address nor a twin.
      ...Object.fromEntries(left.map((name) => [enabling(name), env[enabling(name)] || 'false'])),
      ...Object.assign({}, ...TWIN_NAMES.filter(isGiven).map((name) => givenOf(name, env))),
    },
  };
}

function startOf(name, credentials) {
  const { title, port, address, path = '', also = () => ({}) } = TWINS[name];
  const destination = (url) => ({
    [enabling(name)]: 'true',
    [address]: `${url}${path}`,
    ...also(url),
    ...Object.fromEntries(credentials.map(([setting, , value]) => [setting, value])),
  });
  return {
    name,
    title,
    port,
    env: Object.fromEntries(credentials.map(([, twinName, value]) => [twinName, value])),
    /** The program's settings, once the twin's address is known. */
    settings: destination,
  };
}

/** What was given in the shell, so that `npx foyer …` knows it elsewhere. */
function givenOf(name, env) {
  const { address, credentials } = TWINS[name];
  const settings = [enabling(name), address, ...Object.keys(credentials)];
  return Object.fromEntries(settings.map((setting) => [setting, env[setting]]).filter(([, value]) => value));
}

function credentialsOf(name, env, secrets) {
  return Object.entries(TWINS[name].credentials).map(([setting, [twinName, secret]]) => [
    setting,
    twinName,
    env[setting] || secrets[secret],
  ]);
}

function enabling(name) {
  return TWINS[name].enabling ?? `${name.toUpperCase()}_ENABLED`;
}
