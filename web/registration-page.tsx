import type { VNode } from 'preact';
import { type Given, QuestionField, SelectField, TextField, Tick } from './fields.js';
import { renderPage, type RenderedPage } from './page.js';
import type { Question } from './questions.js';
import { FORM } from './style.js';
import type { Words } from './words.js';

export interface RegistrationPageProps {
  readonly words: Words;
  readonly event: { readonly name: string; readonly when: string };
  /** Whether the form is shown, and the one sentence that says how things stand. */
  readonly isOpen: boolean;
  readonly standing: string;
  readonly questions: readonly Question[];
  readonly sessions: readonly { readonly code: string; readonly title: string; readonly when: string }[];
  readonly consents: readonly {
    readonly purpose: string;
    readonly text: string;
    readonly required: boolean;
  }[];
  readonly countries: readonly (readonly [code: string, name: string])[];
  /** Sent along, so that a form that is sent twice registers once. */
  readonly key: string;
  readonly given: Given;
  /** Where to log in, for whom that fills in the form; null: they are, or the event has no logins. */
  readonly login: string | null;
  /** Where the registration is that a login has here already; null: none. */
  readonly own: string | null;
  /** What is wrong with the whole rather than with a field. */
  readonly problem?: string | undefined;
}

export function registrationPage(props: RegistrationPageProps): RenderedPage {
  const { words, event } = props;
  return renderPage(
    { words, title: words.registering(event.name), style: FORM },
    <>
      <p class="over">{event.when}</p>
      <h1>{event.name}</h1>
      <p class="soft">{props.standing}</p>
      {props.login !== null && (
        <p>
          <a href={props.login}>{words.logIn}</a>
        </p>
      )}
      {props.own !== null && (
        <p>
          {words.ownHere} <a href={props.own}>{words.yourLink}</a>
        </p>
      )}
      <Wrongs {...props} />
      {props.isOpen && <RegistrationForm {...props} />}
    </>,
  );
}

/** All that is wrong, above the form and first in line for those who listen; each leads to its field. */
function Wrongs({ words, given, problem }: RegistrationPageProps): VNode | null {
  const { wrongs } = given;
  if (wrongs.size === 0 && !problem) return null;
  return (
    <section class="sheet wrongs" role="alert" tabIndex={-1} autoFocus>
      <h2>{wrongs.size === 0 ? words.trouble : words.wrongs(wrongs.size)}</h2>
      {problem && <p>{problem}</p>}
      {wrongs.size > 0 && (
        <ul>
          {[...wrongs].map(([name, wrong]) => (
            <li>
              <a href={`#${name}`}>{wrong}</a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function RegistrationForm(props: RegistrationPageProps): VNode {
  const { words, given, questions, sessions, consents, key } = props;
  return (
    <form method="post" noValidate>
      <input type="hidden" name="key" value={key} />
      <AboutYou {...props} />
      {questions.length > 0 && (
        <fieldset>
          <legend>{words.questions}</legend>
          {questions.map((question) => (
            <QuestionField words={words} given={given} question={question} />
          ))}
        </fieldset>
      )}
      {sessions.length > 0 && (
        <fieldset>
          <legend>{words.sessions}</legend>
          <p class="soft">{words.sessionsHint}</p>
          <div class="sessions">
            {sessions.map(({ code, title, when }) => (
              <Tick given={given} name="sessions" value={code}>
                {title}
                <br />
                <span class="soft">{when}</span>
              </Tick>
            ))}
          </div>
        </fieldset>
      )}
      {consents.length > 0 && (
        <fieldset>
          <legend>{words.agreements}</legend>
          {consents.map(({ purpose, text, required }) => (
            <Tick given={given} name={`consents.${purpose}`} isRequired={required}>
              {text} <span class="optional">({required ? words.required : words.optional})</span>
            </Tick>
          ))}
        </fieldset>
      )}
      <button>{words.register}</button>
    </form>
  );
}

function AboutYou({ words, given, countries }: RegistrationPageProps): VNode {
  const field = (
    name: 'email' | 'firstName' | 'lastName' | 'company' | 'jobTitle' | 'country' | 'phone',
  ) => ({
    words,
    given,
    name,
    label: words[name],
  });
  return (
    <fieldset>
      <legend>{words.aboutYou}</legend>
      <TextField {...field('email')} type="email" autoComplete="email" lengthMax={254} isRequired />
      <div class="pair">
        <TextField {...field('firstName')} autoComplete="given-name" lengthMax={100} isRequired />
        <TextField {...field('lastName')} autoComplete="family-name" lengthMax={100} isRequired />
      </div>
      <div class="pair">
        <TextField {...field('company')} autoComplete="organization" lengthMax={200} />
        <TextField {...field('jobTitle')} autoComplete="organization-title" lengthMax={200} />
      </div>
      <div class="pair">
        <SelectField {...field('country')} choices={countries} autoComplete="country" />
        <TextField {...field('phone')} type="tel" autoComplete="tel" hint={words.phoneHint} />
      </div>
    </fieldset>
  );
}
