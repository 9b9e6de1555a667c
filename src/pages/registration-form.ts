import type { Given } from '#web/fields.js';
import type { Question } from '#web/questions.js';
import type { Words } from '#web/words.js';
import type { Form } from '../events/form.js';
import type { FormBody } from '../platform/http/forms.js';
import type { ProblemFault } from '../platform/http/problem.js';

const ATTENDEE = ['email', 'firstName', 'lastName', 'company', 'jobTitle', 'country', 'phone'] as const;

/** @param attendee what is known of the person before they say anything */
export function givenBy(attendee: Readonly<Record<string, string>>): Given {
  const known = ATTENDEE.flatMap((name) => (attendee[name] ? [[name, [attendee[name]]] as const] : []));
  return { values: new Map(known), wrongs: new Map() };
}

/** The body of the API's request, as it follows from the fields of the page. What was left empty is absent. */
export function requestOf(
  body: FormBody,
  form: Form,
  questions: readonly Question[],
  language: string,
): object {
  const one = (name: string): string | undefined => body[name]?.[0]?.trim() || undefined;
  const phone = one('phone')?.replace(/[\s()./-]/g, '');
  const attendee = Object.fromEntries(ATTENDEE.map((name) => [name, name === 'phone' ? phone : one(name)]));
  const answers = questions.flatMap((question) => {
    const answer = answerOf(question, body[`answers.${question.name}`]);
    return answer === undefined ? [] : [[question.name, answer] as const];
  });
  return {
    attendee: { ...defined(attendee), locale: language },
    answers: Object.fromEntries(answers),
    consents: form.consents.map(({ purpose }) => ({
      purpose,
      granted: one(`consents.${purpose}`) !== undefined,
    })),
    sessions: body.sessions ?? [],
  };
}

function answerOf({ kind }: Question, given: readonly string[] | undefined): unknown {
  if (kind === 'many') return given?.length ? given : undefined;
  const text = given?.[0]?.trim() ?? '';
  if (kind === 'yes') return text !== '' ? true : undefined;
  if (text === '') return undefined;
  // What is no number stays as it is, for the form to refuse.
  if (kind === 'number' || kind === 'integer') return Number.isNaN(Number(text)) ? text : Number(text);
  return text;
}

function defined(fields: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => !!entry[1]));
}

/** What was given, and the problem's faults at the fields that they are about. */
export function givenOf(body: FormBody, faults: readonly ProblemFault[], form: Form, words: Words): Given {
  const wrongs = new Map<string, string>();
  for (const fault of faults) {
    for (const name of fieldsOf(fault, form, body)) {
      const label = labelOf(name, form, words);
      const isMissing = !name.startsWith('consents.') && !body[name]?.[0]?.trim();
      if (!wrongs.has(name))
        wrongs.set(name, isMissing ? words.missing(label) : words.wrong(label, fault.message));
    }
  }
  return { values: new Map(Object.entries(body)), wrongs };
}

/** A fault's pointer names a place in the request; the page knows it by a field, or for a consent by several. */
function fieldsOf({ pointer, code }: ProblemFault, form: Form, body: FormBody): string[] {
  const [, first, second = ''] = pointer.split('/');
  if (first === 'attendee') return [second || 'email'];
  if (first === 'answers') return [`answers.${second.replaceAll('~1', '/').replaceAll('~0', '~')}`];
  if (first === 'consents' && code === 'required') {
    return form.consents
      .filter(({ purpose, required }) => required && !body[`consents.${purpose}`]?.[0]?.trim())
      .map(({ purpose }) => `consents.${purpose}`);
  }
  return [first ?? 'email'];
}

function labelOf(name: string, form: Form, words: Words): string {
  const [group, ...parts] = name.split('.') as [string, ...string[]];
  const rest = parts.join('.');
  if (group === 'consents') return form.consents.find(({ purpose }) => purpose === rest)?.text ?? rest;
  if (group === 'answers') {
    const properties = (form.schema.properties ?? {}) as Record<string, { title?: string } | undefined>;
    return properties[rest]?.title ?? rest;
  }
  if (group === 'sessions') return words.sessions;
  return ATTENDEE.includes(group as (typeof ATTENDEE)[number])
    ? words[group as (typeof ATTENDEE)[number]]
    : group;
}
