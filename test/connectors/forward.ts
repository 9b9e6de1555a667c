import { request } from 'node:http';
import type { Script } from './scripted-server.js';

/** Hands every call on to a twin, with the host that the client named, and its answer back. */
export function forward(twinUrl: string): Script {
  return ({ method, path, headers, body }, response) => {
    const onward = request(`${twinUrl}${path}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.end(body);
  };
}
