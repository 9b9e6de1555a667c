/**
 * Loaded before a child's own program (`node --import`): the child ends when its launcher is gone, even by kill -9.
 * The channel between them closes then, on every operating system.
 */
const GRACE_MS = 8_000;

if (process.connected) {
  process.once('disconnect', () => {
    // First the orderly way, then the certain one.
    setTimeout(() => process.exit(1), GRACE_MS).unref();
    process.kill(process.pid, 'SIGTERM');
  });
  // Waiting for the launcher's end is no reason to stay.
  process.channel?.unref();
}
