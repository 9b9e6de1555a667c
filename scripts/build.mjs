import { build } from './launcher/build.mjs';

// `npm run build`: always, whatever changed.
await build({ onLine: (line) => console.log(line) });
