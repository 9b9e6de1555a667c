import { run } from './program.js';

/** The program module by module, as it was compiled; scripts/program.mjs runs the same from its bundle, and starts sooner. */
await run(process.argv[2]);
