import { expect, it } from 'vitest';
import { judgeFairness } from '../../src/surge/fairness.js';
import { newVisit, type Visit } from '../../src/surge/visit.js';
import { seeded } from '../support/seeded.js';

/** Came and was let in at these seconds, each known to a second. */
function visit(came: number, letIn: number | null, more: Partial<Visit> = {}): Visit {
  const times = { joinAskedMs: came, joinedMs: came + 1, uncalledMs: letIn && letIn - 1, passMs: letIn };
  return Object.assign(newVisit(0, 'patient', came), { number: 1 }, times, more);
}

it('People let in in the order in which they came are a fair line; the other way round it is none', () => {
  const order = [10, 20, 30, 40];
  expect(judgeFairness(order.map((s) => visit(s, 100 + s)))).toEqual({
    pairs: 6,
    inverted: 0,
    inOrderShare: 1,
  });
  expect(judgeFairness(order.map((s) => visit(s, 100 - s)))).toEqual({
    pairs: 6,
    inverted: 6,
    inOrderShare: 0,
  });
  expect(judgeFairness([])).toEqual({ pairs: 0, inverted: 0, inOrderShare: null });
});

it('Who comes straight through past those who wait is counted, who was away or never let in is not', () => {
  const waiting = [visit(10, 90), visit(20, 100)];
  const past = { isStraight: true, number: null, passMs: null, uncalledMs: null };
  expect(judgeFairness([...waiting, visit(50, null, past)])).toMatchObject({ pairs: 3, inverted: 2 });
  expect(judgeFairness([...waiting, visit(5, 200, { wasAway: true }), visit(1, null)])).toMatchObject({
    pairs: 1,
    inverted: 0,
  });
});

it('Pairs of which either order is in doubt are left out', () => {
  expect(judgeFairness([visit(10, 90), visit(10.5, 60)]).pairs, 'came at once').toBe(0);
  expect(judgeFairness([visit(10, 90), visit(20, 89.5)]).pairs, 'let in at once').toBe(0);
});

it('Any crowd is counted as by comparing everybody with everybody', () => {
  const random = seeded(7);
  for (let crowd = 0; crowd < 50; crowd++) {
    const at = (most: number): number => Math.floor(random() * most);
    const visits = Array.from({ length: 40 }, () => {
      const came = at(30);
      const letIn = came + 1 + at(30);
      return visit(came, letIn, { joinedMs: came + at(3), uncalledMs: letIn - at(4) });
    });
    let [inOrder, inverted] = [0, 0];
    for (const one of visits)
      for (const other of visits) {
        if (one.joinedMs! >= other.joinAskedMs!) continue;
        if (one.passMs! < other.uncalledMs!) inOrder++;
        if (other.passMs! < one.uncalledMs!) inverted++;
      }
    expect(judgeFairness(visits)).toMatchObject({ pairs: inOrder + inverted, inverted });
  }
});
