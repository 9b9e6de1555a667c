/** What a person is advised to do about a login that did not come about. */
export type Advice =
  'again' | 'lost' | 'spent' | 'late' | 'declined' | 'down' | 'provider' | 'weak' | 'unknown';

interface Told {
  readonly title: string;
  readonly happened: string;
  readonly todo: string;
}

/** What a person is told when a login did not come about: what happened, and what to do. */
const EN: Record<Advice, Told> = {
  again: {
    title: 'The login did not work',
    happened:
      'What came back from your organisation’s login page does not belong to the login that began here.',
    todo: 'Nothing was changed. Please begin again; it usually works the second time.',
  },
  lost: {
    title: 'This browser does not remember the login',
    happened: 'The login began in another browser or tab, or cookies are switched off or were cleared.',
    todo: 'Allow cookies for this site and begin again, in this browser.',
  },
  spent: {
    title: 'This login was used already',
    happened: 'You came back to a page that logs in once only, perhaps with the back button.',
    todo: 'If you are logged in already, just go on. Otherwise begin again.',
  },
  late: {
    title: 'The login took too long',
    happened: 'More time went by between the beginning of the login and its end than is allowed.',
    todo: 'Please begin again.',
  },
  declined: {
    title: 'The login was cancelled',
    happened: 'Your organisation’s login page says that you, or it, did not agree to this login.',
    todo: 'If that was a mistake, begin again. If your organisation must allow it first, ask its help desk.',
  },
  down: {
    title: 'Your organisation’s login does not answer',
    happened: 'We could not reach your organisation’s login service just now.',
    todo: 'Please try again in a few minutes. Nothing is lost.',
  },
  provider: {
    title: 'The login could not be trusted',
    happened: 'Your organisation’s login service gave an answer that does not hold, so we did not accept it.',
    todo: 'You did nothing wrong. Please try once more; if it stays so, tell the organisers the reference below.',
  },
  weak: {
    title: 'A stronger login is needed',
    happened: 'What you are about to do needs a stronger login than your organisation’s service gave.',
    todo: 'Begin again and use your second factor, or ask your administrator for one.',
  },
  unknown: {
    title: 'There is no such login here',
    happened: 'This address names a login service that is not known here, or not for this event.',
    todo: 'Choose from those that are.',
  },
};

const DE: Record<Advice, Told> = {
  again: {
    title: 'Die Anmeldung hat nicht geklappt',
    happened: 'Die Antwort der Anmeldeseite gehört nicht zu der Anmeldung, die hier begonnen hat.',
    todo: 'Es wurde nichts geändert. Bitte beginnen Sie noch einmal.',
  },
  lost: {
    title: 'Dieser Browser kennt die Anmeldung nicht',
    happened: 'Sie begann in einem anderen Browser oder Tab, oder Cookies sind ausgeschaltet oder gelöscht.',
    todo: 'Bitte erlauben Sie Cookies für diese Seite und beginnen Sie in diesem Browser noch einmal.',
  },
  spent: {
    title: 'Diese Anmeldung wurde schon benutzt',
    happened: 'Sie sind auf eine Seite zurückgekehrt, die nur einmal anmeldet.',
    todo: 'Sind Sie schon angemeldet, machen Sie einfach weiter. Sonst beginnen Sie noch einmal.',
  },
  late: {
    title: 'Die Anmeldung hat zu lange gedauert',
    happened: 'Zwischen Beginn und Ende der Anmeldung ist zu viel Zeit vergangen.',
    todo: 'Bitte beginnen Sie noch einmal.',
  },
  declined: {
    title: 'Die Anmeldung wurde abgebrochen',
    happened: 'Die Anmeldeseite meldet, dass der Anmeldung nicht zugestimmt wurde.',
    todo: 'War das ein Versehen, beginnen Sie noch einmal. Sonst hilft Ihre IT-Abteilung.',
  },
  down: {
    title: 'Die Anmeldung Ihrer Organisation antwortet nicht',
    happened: 'Der Anmeldedienst Ihrer Organisation ist gerade nicht zu erreichen.',
    todo: 'Bitte versuchen Sie es in einigen Minuten wieder. Es geht nichts verloren.',
  },
  provider: {
    title: 'Der Anmeldung war nicht zu trauen',
    happened: 'Der Anmeldedienst hat eine Antwort gegeben, die nicht stimmt. Wir haben sie nicht angenommen.',
    todo: 'Sie haben nichts falsch gemacht. Bleibt es so, nennen Sie den Veranstaltern die Nummer unten.',
  },
  weak: {
    title: 'Eine stärkere Anmeldung ist nötig',
    happened: 'Was Sie vorhaben, braucht eine stärkere Anmeldung.',
    todo: 'Bitte beginnen Sie noch einmal und benutzen Sie Ihren zweiten Faktor.',
  },
  unknown: {
    title: 'Diese Anmeldung gibt es hier nicht',
    happened: 'Die Adresse nennt einen Anmeldedienst, den es hier oder für diese Veranstaltung nicht gibt.',
    todo: 'Bitte wählen Sie einen anderen.',
  },
};

const COMMON = {
  en: {
    begin: 'Begin again',
    choose: 'Log in',
    chooseHow: 'Choose the organisation that you belong to.',
    email: 'Or give your work e-mail, and we find it',
    find: 'Continue',
    none: 'No organisation can log in here.',
    noneTodo: 'You need no login to register, unless the event says so.',
    account: 'You are logged in',
    name: 'Name',
    mail: 'E-mail',
    through: 'Through',
    role: 'Your role',
    out: 'Log out',
    everywhere: 'Log out on every device',
    gone: 'You are logged out',
    goneTodo: 'You can close this page.',
    reference: 'Reference',
  },
  de: {
    begin: 'Noch einmal beginnen',
    choose: 'Anmelden',
    chooseHow: 'Wählen Sie Ihre Organisation.',
    email: 'Oder nennen Sie Ihre dienstliche E-Mail, und wir finden sie',
    find: 'Weiter',
    none: 'Hier kann sich keine Organisation anmelden.',
    noneTodo: 'Ohne Anmeldung können Sie sich registrieren, wenn die Veranstaltung nichts anderes sagt.',
    account: 'Sie sind angemeldet',
    name: 'Name',
    mail: 'E-Mail',
    through: 'Über',
    role: 'Ihre Rolle',
    out: 'Abmelden',
    everywhere: 'Auf allen Geräten abmelden',
    gone: 'Sie sind abgemeldet',
    goneTodo: 'Sie können diese Seite schließen.',
    reference: 'Nummer',
  },
} as const;

type Said = (typeof COMMON)['en' | 'de'];

export function toldOf(advice: Advice, language: string): Told {
  return (language === 'de' ? DE : EN)[advice];
}

export function loginWords(language: string): Said {
  return language === 'de' ? COMMON.de : COMMON.en;
}
