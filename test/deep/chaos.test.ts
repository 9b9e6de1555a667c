import { describe } from 'vitest';
import { rehearseOnBoth } from '../chaos/in-both-redis.js';

describe('While everything breaks, for long', () => {
  rehearseOnBoth({
    hitsInAll: 20,
    hitsAtLeast: 20,
    rounds: 4,
    clients: 8,
    peopleEach: 300,
    loadMsMax: 480_000,
    seed: 7,
  });
});
