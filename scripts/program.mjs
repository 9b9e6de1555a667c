import { PROGRAM_BUNDLE } from './launcher/bundles.mjs';
import { CachedScript } from './launcher/cached-script.mjs';

/** The built program: `serve` where no command is given, `migrate` or `seed`. */
const { run } = new CachedScript(PROGRAM_BUNDLE).exports();
await run(process.argv[2]);
