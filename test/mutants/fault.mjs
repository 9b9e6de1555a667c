/**
 * A fault in one place.
 *
 * @param {string} name what is wrong then
 * @param {string} file
 * @param {string} old
 * @param {string} replacement
 * @param {string | string[]} tests one of which has to fail
 * @returns {import('./faults.mjs').Fault}
 */
export const fault = (name, file, old, replacement, tests) => ({
  name,
  edits: [{ file, old, new: replacement }],
  tests: [tests].flat(),
});
