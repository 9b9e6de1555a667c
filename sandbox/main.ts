import { readArguments } from './arguments.js';
import { startTwin } from './twin.js';
import { VENDORS } from './vendors.js';

const wanted = readArguments(process.argv.slice(2));
if (typeof wanted === 'string') {
  process.stderr.write(`${wanted}\n`);
  process.exit(2);
}

const { host, port, url, journalFile, isWithParent } = wanted;
const twin = await startTwin(VENDORS[wanted.twin](process.env), {
  host,
  port,
  ...(url === undefined ? {} : { url }),
  ...(journalFile === undefined ? {} : { journalFile }),
}).catch((error: unknown) => {
  process.stderr.write(
    `The ${wanted.twin} twin did not start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
});
const end = () => void twin.stop().then(() => process.exit(0));
process.once('SIGTERM', end);
process.once('SIGINT', end);
if (isWithParent) {
  process.stdin.resume();
  process.stdin.once('close', end);
  process.stdin.once('end', end);
}
// Last, for whoever reads it may end us the moment after.
process.stdout.write(`${JSON.stringify({ twin: twin.name, url: twin.url })}\n`);
