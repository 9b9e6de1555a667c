import { describe } from 'vitest';
import { rehearseOnce } from './rehearse-on.js';

describe('While everything breaks', () => {
  rehearseOnce({
    hitsInAll: 2,
    hitsAtLeast: 1,
    rounds: 1,
    clients: 6,
    peopleEach: 60,
    loadMsMax: 90_000,
    seed: 1,
  });
});
