/**
 * The baseline as most would build it: a transaction for each request, over a pool of 16. It checks the body by a
 * schema and writes what the product writes; guards and interceptors it does without, which favours it.
 */
import fastify from 'fastify';
import pg from 'pg';
import { registerOne } from './register-one.js';

const [databaseUrl, event] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 16 });
const server = fastify();
const text = { type: 'string', minLength: 1, maxLength: 254 };
const schema = {
  body: {
    type: 'object',
    required: ['attendee', 'answers', 'consents'],
    properties: {
      attendee: {
        type: 'object',
        required: ['email'],
        properties: { email: text, firstName: text, lastName: text },
      },
      answers: { type: 'object' },
      consents: { type: 'array' },
    },
  },
};

server.post('/', { schema }, async (request, reply) => {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await registerOne(client, event!, {
      body: JSON.stringify(request.body),
      key: String(request.headers['idempotency-key']),
    });
    await client.query('commit');
    return await reply.status(201).send({ status: 'confirmed' });
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
});

console.log(await server.listen({ host: '127.0.0.1', port: 0 }));
