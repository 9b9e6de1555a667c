/**
 * A program of its own that judges a rehearsal of deliveries: `node delivery-oracle.mjs FOLDER`. It reads what was
 * made (`people.json`) and where to look (`stage.json`), asks the twins and the ledger, and prints
 * `{ faults, figures }` as one line of JSON. It imports nothing of the program's.
 */
import { readFileSync } from 'node:fs';
import { DESTINATIONS } from './expected.mjs';
import { judge } from './judge.mjs';

const PAGE = 10_000;
const folder = process.argv[2];
const people = read('people.json');
const { api, token, freezes, destinations } = read('stage.json');

const seen = {};
for (const [name, { url, ...limits }] of Object.entries(destinations)) {
  const { mapping, object } = DESTINATIONS[name];
  seen[name] = {
    ...limits,
    records: await all(`${url}/_twin/records/${object}`),
    journal: await all(`${url}/_twin/journal`),
    calls: await all(`${url}/_twin/calls`),
    ledger: await answer(`${api}/v1/mappings/${mapping}/ledger`, { authorization: `Bearer ${token}` }),
  };
}
console.log(JSON.stringify(judge({ people, freezes, destinations: seen })));

function read(file) {
  return JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'));
}

async function all(url) {
  const items = [];
  for (let cursor = ''; cursor !== null;) {
    const page = await answer(`${url}?limit=${PAGE}&cursor=${cursor}`);
    items.push(...page.items);
    cursor = page.next;
  }
  return items;
}

async function answer(url, headers = {}) {
  const response = await fetch(url, { headers });
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}
