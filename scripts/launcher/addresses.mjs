import path from 'node:path';
import { readEnvironment } from './environment.mjs';
import { bold, say } from './progress.mjs';
import { titleOf } from './sandbox-twins.mjs';

/** Where to look, now that everything runs. */
export function printAddresses({ api, docs, event, twins, identity }) {
  const varDir = path.relative(process.cwd(), readEnvironment().varDir) || '.';
  const rows = [
    ['Event', event],
    ['Registration', event && event.replace('/v1/events/', '/e/')],
    ['API', docs],
    ['Log in', identity && api && `${api}/sso/login`],
    ...Object.entries(twins).map(([name, url]) => [`${titleOf(name)} twin`, `${url}/_twin`]),
    ['Operator key', `${path.join(varDir, 'run.json')} (operatorKey)`],
    ['Logs', path.join(varDir, 'log')],
  ].filter(([, value]) => value);
  say();
  for (const [name, value] of rows) say(`  ${name.padEnd(16)} ${bold(value)}`);
  if (api) {
    say('\n  A first registration:\n');
    for (const line of firstRegistration(event)) say(`    ${line}`);
  }
  say('\n  Ctrl-C ends everything.\n');
}

function firstRegistration(event) {
  const body = {
    attendee: {
      email: 'ada@example.com',
      firstName: 'Ada',
      lastName: 'Lovelace',
      company: 'Analytical Engines',
    },
    answers: {},
    consents: [
      { purpose: 'terms', granted: true },
      { purpose: 'marketing', granted: true },
    ],
  };
  return [
    `curl -s ${event}/registrations \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d '${JSON.stringify(body)}'`,
  ];
}
