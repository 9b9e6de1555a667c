/** What the build makes one file of, see scripts/launcher/bundle-check.mjs. */
export { checkShare } from './check-share.js';
export { runCli } from './run-cli.js';
