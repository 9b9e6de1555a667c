import { createTransport } from 'nodemailer';

const TIMEOUT_MS = 15_000;

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same over attempts, so that a mailbox recognises what came twice. */
  readonly messageId: string;
}

export interface Mailer {
  /** @throws Error where the server did not take it; `responseCode` 5xx where it never will */
  send(mail: Mail): Promise<void>;
  close(): void;
}

/** @param url smtp://user:password@host:port, or smtps:// */
export function smtpMailer(url: string, from: string): Mailer {
  const transport = createTransport({
    url,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // A mail of ours names no files and fetches nothing.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ to, subject, text, messageId }) {
      await transport.sendMail({ from, to: { name: '', address: to }, subject, text, messageId });
    },
    close: () => transport.close(),
  };
}
