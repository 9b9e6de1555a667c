const formats = new Map<string, Intl.DateTimeFormat>();

/** From one time to another in the event's own zone, as people write it: "1 June 2027, 09:00 – 17:00 WEST". */
export function whenText(language: string, timeZone: string, startsAt: string, endsAt: string): string {
  return format(language, timeZone).formatRange(new Date(startsAt), new Date(endsAt));
}

export function momentText(language: string, timeZone: string, at: string): string {
  return format(language, timeZone).format(new Date(at));
}

function format(language: string, timeZone: string): Intl.DateTimeFormat {
  const name = `${language} ${timeZone}`;
  const known = formats.get(name);
  if (known) return known;
  const made = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
    timeZoneName: 'short',
  });
  formats.set(name, made);
  return made;
}
