/** Everyone of a run has an address of its own under a domain that is nobody's (RFC 2606): by it a run knows its people. */
const DOMAIN = 'example.com';

/** @param name the run's */
export function emailOf(name: string, person: number): string {
  return `${name}-${person}@${DOMAIN}`;
}

/** Whether the run made this registration. Somebody real may register meanwhile: who is no one of the run's is left alone. */
export function isOfRun(
  name: string,
  { attendee }: { readonly attendee?: { readonly email?: string | null } | null },
): boolean {
  const email = attendee?.email?.toLowerCase() ?? '';
  const [prefix, suffix] = [`${name}-`.toLowerCase(), `@${DOMAIN}`];
  if (!email.startsWith(prefix) || !email.endsWith(suffix)) return false;
  return /^\d+$/.test(email.slice(prefix.length, -suffix.length));
}
