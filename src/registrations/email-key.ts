/** What makes two e-mail addresses the same person: neither space around it, nor case, nor how it is composed. */
export function emailKey(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}
