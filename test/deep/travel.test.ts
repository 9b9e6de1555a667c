import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Stage } from '../lobby/stage.js';
import { travel } from '../lobby/travel.js';

const JOURNEYS = 10_000;
const BETWEEN_MS = 3_000;

it(`loses no place in ${JOURNEYS} journeys while replicas, Redis and PostgreSQL come and go`, async () => {
  const outcome = await Stage.with(async (stage) => {
    await stage.open();
    const after = (victim: 'api' | 'redis' | 'postgres') => async () => {
      await pause(BETWEEN_MS);
      await stage.kill(victim);
    };
    const mishaps = [after('api'), after('redis'), after('api'), after('postgres')];
    const { databaseUrl } = stage;
    return travel({ databaseUrl, urls: () => stage.urls, journeys: JOURNEYS, atOnce: 32, mishaps });
  });
  console.log(JSON.stringify(outcome));
  expect(outcome.lost).toEqual([]);
  expect(outcome.journeys).toBeGreaterThanOrEqual(JOURNEYS);
  expect(outcome.shown).toBeGreaterThan(2 * outcome.journeys);
}, 900_000);
