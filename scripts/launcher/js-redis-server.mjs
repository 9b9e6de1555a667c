import { Server } from 'node:net';
import { createRedisServer } from 'js-redis-server';
import './with-parent.mjs';

// The package listens on every interface and offers no choice; this process listens on loopback only.
const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, { port, host: '127.0.0.1' }, ...rest);
};

const { state } = await createRedisServer({
  port: Number(process.argv[2] ?? 6379),
  databaseCount: Number(process.argv[3] ?? 16),
  logger: { error: (error) => console.error(error) },
});
state.requirepass = process.env.FOYER_REDIS_PASSWORD;

// Nothing is kept, so there is nothing to close in order; the package's own close can hang.
process.on('SIGTERM', () => process.exit(0));
