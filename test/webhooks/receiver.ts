import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One message as it came in. */
export interface Received {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly body: string;
  /** What it was answered. */
  readonly status: number;
}

export interface Registration {
  readonly id: string;
  readonly status: string;
  /** The number on the waitlist. */
  readonly position: number | null;
  readonly attendee: { readonly email: string; readonly firstName: string };
}

export interface Message {
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly registration: Registration; readonly version: number; readonly sequence: number };
}

export interface Accepted {
  readonly id: string;
  readonly message: Message;
}

/** Taken in, but the answer is lost on its way. */
export const LOST = 0;

/** A customer's endpoint: keeps what it got and answers as it is told. */
export class Receiver {
  readonly received: Received[] = [];
  /** The status for a message; replaced by tests. */
  answer: (message: Message, id: string) => number | Promise<number> = () => 204;
  private readonly kept: Accepted[] = [];
  private readonly seen = new Set<string>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const receiver = new Receiver(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`);
    server.on('request', (request: IncomingMessage, response) => {
      void receiver.take(request).then((status) => {
        if (status === LOST) request.socket.destroy();
        else response.writeHead(status).end();
      });
    });
    return receiver;
  }

  /** The acknowledged ones, each id once, as a receiver should keep them. */
  accepted(): readonly Accepted[] {
    return this.kept;
  }

  /** What came of one registration, in the order it was accepted. */
  of(registration: string): Message[] {
    return this.accepted()
      .map(({ message }) => message)
      .filter(({ data }) => data.registration.id === registration);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage): Promise<number> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const id = String(request.headers['webhook-id']);
    const message = JSON.parse(body) as Message;
    const status = await this.answer(message, id);
    if (status < 300 && !this.seen.has(id)) {
      this.seen.add(id);
      this.kept.push({ id, message });
    }
    this.received.push({
      id,
      timestamp: String(request.headers['webhook-timestamp']),
      signature: String(request.headers['webhook-signature']),
      body,
      status,
    });
    return status;
  }
}
