import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** Stands between a program and its database, and can be cut. */
export class Relay {
  private readonly sockets = new Set<Socket>();
  private isCut = false;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** @param url of the database */
  static async to(url: string): Promise<Relay> {
    const target = new URL(url);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const through = new URL(url);
    through.port = String((server.address() as { port: number }).port);
    const relay = new Relay(server, through.href);
    server.on('connection', (near) => {
      if (relay.isCut) return void near.destroy();
      const far = connect(Number(target.port), target.hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        relay.sockets.add(from);
        from.on('error', () => undefined);
        from.once('close', () => {
          relay.sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
    return relay;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  async stop(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }
}
