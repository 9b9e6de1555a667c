import type { IncomingMessage } from 'node:http';

/** Undefined: the client went away while it was sending. */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
): Promise<Buffer | 'tooLarge' | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
    });
    request.on('end', () => resolve(bytes > bytesMax ? 'tooLarge' : Buffer.concat(chunks, bytes)));
    request.on('close', () => resolve(undefined));
    request.on('error', () => resolve(undefined));
  });
}
