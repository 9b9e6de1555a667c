/**
 * The line as it is usually built: a counter in Redis gives the number, and everyone who waits is a member of a sorted
 * set. Nothing is durable, signed or judged.
 */
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';

const redis = new Redis(process.argv[2]!, { enableAutoPipelining: true });
const app = Fastify();
app.post('/', async (_request, reply) => {
  const id = randomUUID();
  const number = await redis.incr('line:last');
  await redis.zadd('line', number, id);
  return reply.status(201).send({ id, number });
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
console.log(JSON.stringify({ url }));
