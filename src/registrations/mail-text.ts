import type { Mail } from '../platform/mailer.js';
import type { RegistrationRow } from './registration.js';

export type MailKind = 'registered' | 'already';

/** What a mail says; made when it is sent, so that nothing of a person waits in a queue. */
export function mailText(
  kind: MailKind,
  row: RegistrationRow,
  by: { readonly id: string; readonly token: string; readonly baseUrl: string },
): Mail {
  const { event, attendee } = row;
  const stand = row.status === 'waitlisted' ? 'on the waitlist' : 'registered';
  const greeting = `Hello ${attendee.firstName},`;
  const said =
    kind === 'already'
      ? `somebody, perhaps you, asked to register this address for ${event.name}. You are ${stand} already; nothing was changed.`
      : `you are ${stand} for ${event.name}.`;
  return {
    to: attendee.email,
    subject:
      kind === 'already' ? `You are registered already: ${event.name}` : `Your registration: ${event.name}`,
    messageId: `<${by.id}@foyer>`,
    text: [
      greeting,
      said,
      `Your registration: ${by.baseUrl}/v1/registrations/${row.id}`,
      `Your manage token, to see, change or cancel it: ${by.token}`,
      'Whoever has this token can do so: keep it to yourself.',
      '',
    ].join('\n\n'),
  };
}
