/**
 * Faults that the suite must catch. Each is planted alone, in a copy of the tree, and the named tests are run: at
 * least one has to fail. A fault whose old text is found no longer has to be looked at again: that fails the run too.
 *
 * @typedef {{ file: string, old: string, new: string }} Edit
 * @typedef {{ name: string, edits: Edit[], tests: string[] }} Fault
 */

import { BACKEND_FAULTS } from './backend-faults.mjs';
import { DELIVERY_FAULTS } from './delivery-faults.mjs';
import { LANE_FAULTS } from './lane-faults.mjs';
import { LOBBY_FAULTS } from './lobby-faults.mjs';
import { WAY_IN_FAULTS } from './way-in-faults.mjs';

/** @type {Fault[]} */
export const FAULTS = [
  ...LANE_FAULTS,
  ...DELIVERY_FAULTS,
  ...BACKEND_FAULTS,
  ...WAY_IN_FAULTS,
  ...LOBBY_FAULTS,
];
