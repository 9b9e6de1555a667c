/** Everything that the pages say, in each language. A missing sentence is a type error. */
const en = {
  language: 'en',
  register: 'Register',
  registering: (event: string) => `Register for ${event}`,
  places: (n: number) => (n === 1 ? 'One place is left.' : `${n} places are left.`),
  waitlistOpen:
    'All places are taken. Who registers now joins the waitlist and moves up as places become free.',
  full: 'All places are taken, and so is the waitlist.',
  closed: 'Registration is not open.',
  closedLine: 'Come back when registration opens; nothing is lost by waiting.',
  opensAt: (when: string) => `Registration opens ${when}.`,
  aboutYou: 'About you',
  email: 'E-mail',
  firstName: 'First name',
  lastName: 'Last name',
  company: 'Company',
  jobTitle: 'Job title',
  country: 'Country or region',
  phone: 'Phone',
  phoneHint: 'With the country code, such as +44 20 7123 4567',
  optional: 'optional',
  required: 'required',
  choose: 'Please choose',
  questions: 'A few questions',
  sessions: 'Sessions you would like a seat in',
  sessionsHint: 'You can change this later.',
  agreements: 'What you agree to',
  wrongs: (n: number) => (n === 1 ? 'One thing needs another look' : `${n} things need another look`),
  wrong: (label: string, message: string) => `${label}: ${message}`,
  missing: (label: string) => `${label}: please fill this in.`,
  confirmed: 'You are in',
  confirmedText: (event: string) => `Your place at ${event} is confirmed.`,
  waitlisted: 'You are on the waitlist',
  waitlistedText: (n: number) =>
    `You are number ${n}. When a place becomes free it goes to the first in line.`,
  cancelled: 'Your registration is cancelled',
  cancelledText: 'Your place was given on. You can register again while there are places.',
  otherStatus: 'Your registration',
  keepLink: 'Keep this link: it shows and changes your registration. Whoever has it can do the same.',
  yourLink: 'Your registration',
  calendar: 'Add to your calendar',
  cancel: 'Cancel my registration',
  taken: 'Look into your mail',
  takenText: 'We have taken in what you sent. A message to the e-mail that you gave says what became of it.',
  name: 'Name',
  reference: 'Reference',
  when: 'When',
  already: 'This e-mail is registered already. Use the link that you were given with your registration.',
  logIn: 'Log in with your organisation, and it fills in what it knows',
  ownHere: 'You have a registration for this event.',
  linkIt: 'Keep it with my login',
  linkHint: 'Then you see and change it without this link, as long as you are logged in.',
  linked: 'It belongs to your login. You see and change it here while you are logged in.',
  passGone: 'Your turn has passed. Join the line again: it keeps your ticket where it can.',
  noSuch: 'There is nothing here',
  noSuchText: 'The address is wrong, or what stood here is gone.',
  trouble: 'That did not work',
  tryAgain: 'Nothing was lost. Wait a moment, then try again.',
  again: 'Try again',
  line: 'You are in line',
  lineText:
    'Many people are registering. Everyone gets in by turn; your place is kept, also if you close this page.',
  before: (n: number) =>
    n === 0 ? 'You are next' : n === 1 ? 'One person before you' : `${n} people before you`,
  wait: (low: string, high: string) => (low === high ? `About ${low}` : `Between ${low} and ${high}`),
  seconds: (n: number) => (n === 1 ? 'a second' : `${n} seconds`),
  minutes: (n: number) => (n === 1 ? 'a minute' : `${n} minutes`),
  paused: 'The line stands still for a moment. Your place is kept.',
  opensLobby: (when: string) => `The line starts to move ${when}.`,
  yourTurn: 'It is your turn',
  yourTurnText: 'You can register now. Your turn lasts for a short while.',
  goOn: 'Go on to registration',
  lateText: 'Your turn came and went while you were away.',
  joinAgain: 'Join the line again',
  offline: 'No connection. Your place is kept; this page goes on by itself.',
  refresh: 'Look again',
};

export type Words = typeof en;

const de: Words = {
  language: 'de',
  register: 'Anmelden',
  registering: (event) => `Anmeldung: ${event}`,
  places: (n) => (n === 1 ? 'Ein Platz ist noch frei.' : `${n} Plätze sind noch frei.`),
  waitlistOpen:
    'Alle Plätze sind vergeben. Wer sich jetzt anmeldet, kommt auf die Warteliste und rückt nach, sobald Plätze frei werden.',
  full: 'Alle Plätze sind vergeben, auch die der Warteliste.',
  closed: 'Die Anmeldung ist nicht geöffnet.',
  closedLine: 'Kommen Sie wieder, sobald die Anmeldung öffnet; durch Warten geht nichts verloren.',
  opensAt: (when) => `Die Anmeldung öffnet ${when}.`,
  aboutYou: 'Zu Ihnen',
  email: 'E-Mail',
  firstName: 'Vorname',
  lastName: 'Nachname',
  company: 'Unternehmen',
  jobTitle: 'Position',
  country: 'Land oder Region',
  phone: 'Telefon',
  phoneHint: 'Mit Landesvorwahl, etwa +49 30 1234567',
  optional: 'freiwillig',
  required: 'erforderlich',
  choose: 'Bitte wählen',
  questions: 'Ein paar Fragen',
  sessions: 'Sitzungen, in denen Sie einen Platz möchten',
  sessionsHint: 'Das lässt sich später ändern.',
  agreements: 'Ihre Zustimmung',
  wrongs: (n) =>
    n === 1 ? 'Eine Angabe braucht noch einen Blick' : `${n} Angaben brauchen noch einen Blick`,
  missing: (label) => `${label}: bitte ausfüllen.`,
  wrong: (label, _message) => `${label}: bitte prüfen oder ergänzen.`,
  confirmed: 'Sie sind dabei',
  confirmedText: (event) => `Ihr Platz bei ${event} ist bestätigt.`,
  waitlisted: 'Sie stehen auf der Warteliste',
  waitlistedText: (n) => `Sie haben Nummer ${n}. Wird ein Platz frei, bekommt ihn, wer vorne steht.`,
  cancelled: 'Ihre Anmeldung ist storniert',
  cancelledText: 'Ihr Platz wurde weitergegeben. Solange Plätze frei sind, können Sie sich wieder anmelden.',
  otherStatus: 'Ihre Anmeldung',
  keepLink: 'Bewahren Sie diesen Link auf: Er zeigt und ändert Ihre Anmeldung. Wer ihn hat, kann dasselbe.',
  yourLink: 'Ihre Anmeldung',
  calendar: 'In den Kalender',
  cancel: 'Anmeldung stornieren',
  taken: 'Sehen Sie in Ihre E-Mail',
  takenText:
    'Ihre Angaben sind angekommen. Was daraus wurde, steht in einer Nachricht an Ihre E-Mail-Adresse.',
  name: 'Name',
  reference: 'Kennung',
  when: 'Wann',
  already:
    'Mit dieser E-Mail besteht schon eine Anmeldung. Nutzen Sie den Link, den Sie dabei bekommen haben.',
  logIn: 'Mit Ihrer Organisation anmelden und ausfüllen lassen, was sie weiß',
  ownHere: 'Sie haben eine Anmeldung für diese Veranstaltung.',
  linkIt: 'Meinem Login zuordnen',
  linkHint: 'Dann sehen und ändern Sie sie ohne diesen Link, solange Sie eingeloggt sind.',
  linked: 'Sie gehört zu Ihrem Login. Sie sehen und ändern sie hier, solange Sie eingeloggt sind.',
  passGone:
    'Ihre Zeit ist abgelaufen. Stellen Sie sich noch einmal an; Ihr Ticket gilt, soweit möglich, weiter.',
  noSuch: 'Hier ist nichts',
  noSuchText: 'Die Adresse stimmt nicht, oder was hier stand, ist nicht mehr da.',
  trouble: 'Das hat nicht geklappt',
  tryAgain: 'Es ist nichts verloren. Warten Sie einen Moment und versuchen Sie es noch einmal.',
  again: 'Noch einmal',
  line: 'Sie stehen in der Reihe',
  lineText:
    'Viele melden sich gerade an. Alle kommen der Reihe nach dran; Ihr Platz bleibt, auch wenn Sie diese Seite schließen.',
  before: (n) =>
    n === 0 ? 'Sie sind als Nächstes dran' : n === 1 ? 'Eine Person vor Ihnen' : `${n} Personen vor Ihnen`,
  wait: (low, high) => (low === high ? `Etwa ${low}` : `Etwa ${low} bis ${high}`),
  seconds: (n) => (n === 1 ? 'eine Sekunde' : `${n} Sekunden`),
  minutes: (n) => (n === 1 ? 'eine Minute' : `${n} Minuten`),
  paused: 'Die Reihe steht einen Moment still. Ihr Platz bleibt.',
  opensLobby: (when) => `Die Reihe setzt sich ${when} in Bewegung.`,
  yourTurn: 'Sie sind dran',
  yourTurnText: 'Sie können sich jetzt anmelden. Sie sind nur für kurze Zeit dran.',
  goOn: 'Weiter zur Anmeldung',
  lateText: 'Sie waren dran, während Sie weg waren.',
  joinAgain: 'Noch einmal anstellen',
  offline: 'Keine Verbindung. Ihr Platz bleibt; die Seite macht von selbst weiter.',
  refresh: 'Noch einmal nachsehen',
};

const LANGUAGES: Readonly<Record<string, Words>> = { en, de };

/** @param accepted the `Accept-Language` header @param chosen `?lang=`, which wins */
export function wordsFor(accepted: string | undefined, chosen?: string): Words {
  const wanted = [chosen, ...preferences(accepted ?? '')];
  for (const tag of wanted) {
    const words = LANGUAGES[(tag ?? '').toLowerCase().split('-')[0]!];
    if (words) return words;
  }
  return en;
}

/** Language tags, the most wanted first (RFC 9110, 12.5.4). */
function preferences(accepted: string): string[] {
  return accepted
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().split(';');
      const q = parameters.map((p) => /^\s*q=([\d.]+)/.exec(p)?.[1]).find((found) => found !== undefined);
      return { tag, weight: q === undefined ? 1 : Number(q) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag);
}
