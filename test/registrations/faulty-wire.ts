import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Where the wire between us and PostgreSQL is cut: before the statement arrives there, or before its answer does here. */
export type Cut = 'before-statement' | 'before-answer';

/** A wire to PostgreSQL that breaks on demand, once for each time it is told to. */
export class FaultyWire {
  private cuts: Cut[] = [];
  private readonly sockets = new Set<Socket>();
  hits = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(databaseUrl: string): Promise<FaultyWire> {
    const target = new URL(databaseUrl);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const through = new URL(databaseUrl);
    through.hostname = '127.0.0.1';
    through.port = String((server.address() as { port: number }).port);
    const wire = new FaultyWire(server, through.href);
    server.on('connection', (client) => {
      wire.join(client, connect(Number(target.port || 5432), target.hostname));
    });
    return wire;
  }

  /** The next registrations are cut off like this, one after another. */
  cutNext(...cuts: Cut[]): void {
    this.cuts = cuts;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private join(client: Socket, server: Socket): void {
    let silent = false;
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (bytes) => {
      const cut = bytes.includes('register-batch') ? this.cuts.shift() : undefined;
      if (cut) this.hits++;
      if (cut === 'before-statement') client.destroy();
      else server.write(bytes);
      silent ||= cut === 'before-answer';
    });
    server.on('data', (bytes) => {
      // PostgreSQL sends its answer after the commit: by now it stands.
      if (silent) client.destroy();
      else client.write(bytes);
    });
  }
}
