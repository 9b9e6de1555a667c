import process from 'node:process';

const NODE_MIN = [20, 19];

/**
 * `npm start`: from a folder with nothing but sources to a running Foyer, and back at Ctrl-C.
 * `--watch` (`npm run dev`) also follows changes of the sources.
 */
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  console.error(`Foyer needs Node ${NODE_MIN.join('.')} or newer; this is ${process.versions.node}.`);
  process.exit(1);
}
const { fail, note } = await import('./launcher/progress.mjs');
const { printAddresses } = await import('./launcher/addresses.mjs');
const { Run } = await import('./launcher/run.mjs');

const isWatching = process.argv.includes('--watch');
let run;
try {
  run = new Run(
    isWatching
      ? (error) => fail(`${error.message}\nIt is started again at the next change.`)
      : (error) => end(1, error.message),
  );
} catch (error) {
  fail(error.message);
  process.exit(1);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    note('Foyer ends …');
    void end(0);
  });
}

let exitCode;
async function end(code, message) {
  exitCode ??= code;
  if (message) fail(message);
  await run.stop().catch((error) => fail(error.message));
  process.exit(exitCode);
}

try {
  const addresses = await run.start();
  printAddresses(addresses);
  if (isWatching) run.watch();
} catch (error) {
  // Ended while starting: the fault is only that what it started is gone.
  if (exitCode === undefined) await end(1, error.message);
}
