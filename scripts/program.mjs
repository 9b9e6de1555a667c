import { CachedScript } from './launcher/cached-script.mjs';
import { inRoot } from './launcher/root.mjs';

/** The built program: `serve` where no command is given, `migrate` or `seed`. */
const { run } = new CachedScript(inRoot('dist/program.bundle.cjs')).exports();
await run(process.argv[2]);
