import type { ComponentChildren, VNode } from 'preact';
import { type Advice, loginWords, toldOf } from './login-words.js';
import { renderPage, type RenderedPage } from './page.js';
import { FORM, LOGIN } from './style.js';
import type { Words } from './words.js';

/** What every page about logging in is made with. */
export interface LoginSetting {
  readonly words: Words;
  /** Origins of the identity providers, where forms lead. */
  readonly formTargets: readonly string[];
}

/** Why a login did not come about, and what to do. */
export function faultPage(
  setting: LoginSetting,
  fault: {
    readonly advice: Advice;
    readonly code: string;
    readonly reference: string;
    readonly again: string;
  },
): RenderedPage {
  const { begin, reference } = loginWords(setting.words.language);
  const { title, happened, todo } = toldOf(fault.advice, setting.words.language);
  return page(
    setting,
    title,
    <>
      <p>{happened}</p>
      <p>{todo}</p>
      <Acts>
        <a class="button" href={fault.again}>
          {begin}
        </a>
      </Acts>
      <footer>
        {reference}: <code>{fault.reference}</code> · <code>{fault.code}</code>
      </footer>
    </>,
  );
}

/** @param fields hidden ones of the e-mail form */
export function choosePage(
  setting: LoginSetting,
  providers: readonly { readonly title: string; readonly href: string }[],
  fields: Readonly<Record<string, string>>,
): RenderedPage {
  const said = loginWords(setting.words.language);
  if (providers.length === 0) return page(setting, said.none, <p>{said.noneTodo}</p>);
  return page(
    setting,
    said.choose,
    <>
      <p>{said.chooseHow}</p>
      <Acts>
        {providers.map(({ title, href }) => (
          <a class="button plain" href={href}>
            {title}
          </a>
        ))}
      </Acts>
      <form method="get" action="/sso/login">
        <Hidden fields={fields} />
        <div class="field">
          <label for="email">{said.email}</label>
          <input type="email" id="email" name="email" autoComplete="email" required maxLength={254} />
        </div>
        <button>{said.find}</button>
      </form>
    </>,
  );
}

export function accountPage(
  setting: LoginSetting,
  person: {
    readonly provider: string;
    readonly role: string | null;
    readonly attendee: Readonly<Record<string, string>>;
    readonly csrf: string;
  },
): RenderedPage {
  const said = loginWords(setting.words.language);
  const { firstName, lastName, email } = person.attendee;
  const rows = [
    [said.name, [firstName, lastName].filter(Boolean).join(' ')],
    [said.mail, email],
    [said.through, person.provider],
    [said.role, person.role],
  ];
  return page(
    setting,
    said.account,
    <>
      <dl>
        {rows
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ))}
      </dl>
      <Acts>
        <form method="post" action="/sso/logout">
          <Hidden fields={{ csrf: person.csrf }} />
          <button>{said.out}</button>
        </form>
        <form method="post" action="/sso/logout">
          <Hidden fields={{ csrf: person.csrf, everywhere: 'true' }} />
          <button class="plain">{said.everywhere}</button>
        </form>
      </Acts>
    </>,
  );
}

export function signedOutPage(setting: LoginSetting): RenderedPage {
  const { gone, goneTodo, choose } = loginWords(setting.words.language);
  return page(
    setting,
    gone,
    <>
      <p>{goneTodo}</p>
      <Acts>
        <a class="button plain" href="/sso/login">
          {choose}
        </a>
      </Acts>
    </>,
  );
}

function page(setting: LoginSetting, title: string, body: VNode): RenderedPage {
  return renderPage(
    { ...setting, title: `${title} · Foyer`, style: FORM + LOGIN },
    <>
      <p class="over">Foyer</p>
      <h1>{title}</h1>
      {body}
    </>,
  );
}

function Acts({ children }: { children: ComponentChildren }): VNode {
  return <div class="acts">{children}</div>;
}

function Hidden({ fields }: { fields: Readonly<Record<string, string>> }): VNode {
  return (
    <>
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
    </>
  );
}
