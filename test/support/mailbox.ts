import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A mail as it came in. */
export interface ReceivedMail {
  readonly to: string;
  readonly text: string;
}

/** A mail server that keeps what it gets, speaking as much SMTP as that takes (RFC 5321). */
export class Mailbox {
  readonly mails: ReceivedMail[] = [];
  /** How many mails are to be refused for the time being, first. */
  refusals = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<Mailbox> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const mailbox = new Mailbox(server, `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('connection', (socket) => mailbox.serve(socket));
    return mailbox;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: Socket): void {
    let [buffer, to, isData] = ['', '', false];
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    say('220 mailbox');
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      buffer += bytes.toString();
      if (isData) {
        const end = buffer.indexOf('\r\n.\r\n');
        if (end < 0) return;
        this.mails.push({ to, text: buffer.slice(0, end) });
        [buffer, isData] = [buffer.slice(end + 5), false];
        say('250 kept');
      }
      for (let end = buffer.indexOf('\r\n'); end >= 0 && !isData; end = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        if (/^RCPT/i.test(line)) to = /<(.*?)>/.exec(line)?.[1] ?? '';
        if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else if (/^MAIL/i.test(line) && this.refusals > 0) {
          this.refusals--;
          say('451 later');
        } else if (/^DATA/i.test(line)) {
          isData = true;
          say('354 go on');
        } else say('250 fine');
      }
    });
  }
}
