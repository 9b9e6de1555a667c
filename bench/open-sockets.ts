import http from 'node:http';

export interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

/**
 * Keeps `connections` requests under way, each on a connection that stays open, for `seconds`.
 * @param body of the n-th request
 */
export async function keepBusy(
  url: string,
  connections: number,
  seconds: number,
  body: (n: number) => { body: string; key: string },
  percentileOf: (values: readonly number[], share: number) => number,
): Promise<Load> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const until = performance.now() + seconds * 1000;
  const began = performance.now();
  const took: number[] = [];
  let failed = 0;
  let n = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < until) {
      const { body: text, key } = body(n++);
      const start = performance.now();
      const status = await post(url, agent, text, key);
      took.push(performance.now() - start);
      if (status !== 201) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  const elapsed = (performance.now() - began) / 1000;
  agent.destroy();
  return {
    perSecond: (took.length - failed) / elapsed,
    p50Ms: percentileOf(took, 0.5),
    p99Ms: percentileOf(took, 0.99),
    failed,
  };
}

function post(url: string, agent: http.Agent, body: string, key: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'idempotency-key': key,
    };
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject);
    request.end(body);
  });
}
