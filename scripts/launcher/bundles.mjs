import { inRoot } from './root.mjs';

/** What the build makes one file of, each with its compiled code beside it. */
export const PROGRAM_BUNDLE = inRoot('dist/program.bundle.cjs');
export const CHECK_BUNDLE = inRoot('dist/cli/check.bundle.cjs');
