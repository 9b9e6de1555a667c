import { expect, it } from 'vitest';
import { asMade, type RoomRow, statusText } from '../../src/lobby/room.js';

const ROOM: RoomRow = {
  event_id: '01a21e19-8391-7c19-87ec-2c1ff914a851',
  slug: 'rush',
  sso: 'none',
  capacity: 10,
  confirmed: 0,
  room: 1,
  mode: 'always',
  max_active: 1,
  max_per_minute: 60,
  pass_seconds: 60,
  claim_seconds: 10,
  opens_at: null,
  message: null,
  on_failure: 'hold',
  state: 'open',
  version: 1,
  issued: 0,
  called: 0,
  frontier: 0,
  present: 0,
  rate_per_minute: null,
  abandonment: 0,
  lobby_state: 'off',
  published: null,
  published_version: null,
  updated_at: new Date('2027-01-12T09:30:00Z'),
  voids: null,
};

it('Replicas that read a new line at different moments say the same of it until its first status is published', () => {
  const later = {
    ...ROOM,
    issued: 3,
    called: 1,
    frontier: 2,
    present: 1,
    confirmed: 1,
    voids: [[2, 2]] as [number, number][],
  };
  const [one, other] = [ROOM, later].map((room) => statusText(asMade(room), 1));
  expect(other).toBe(one);
  expect(statusText(later, 1), 'and not because they are blind').not.toBe(one);
});
