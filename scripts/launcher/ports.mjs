import { createServer } from 'node:net';

/** Neighbours tried before the operating system chooses. */
const NEIGHBOURS_MAX = 50;

export function isFree(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * @param {number} wanted 0 for any
 * @param {Set<number>} reserved ports promised to others that do not listen yet
 * @returns {Promise<number>} the wanted port, else the next free one above it
 */
export async function freePort(wanted, host = '127.0.0.1', reserved = new Set()) {
  if (wanted !== 0) {
    for (let port = wanted; port < Math.min(wanted + NEIGHBOURS_MAX, 65_536); port += 1) {
      if (!reserved.has(port) && (await isFree(port, host))) return port;
    }
  }
  return anyPort(host);
}

function anyPort(host) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host }, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
