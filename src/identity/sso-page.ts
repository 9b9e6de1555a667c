import { createHash } from 'node:crypto';
import type { LoginFault } from './login-fault.js';
import { commonWords, type Language, wordsFor } from './sso-texts.js';

const STYLE = `
  :root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6475; --ground: #f7f5f1; --sheet: #fffdf9; --line: #e2ddd3; --mark: #8a4b2a; --on-mark: #fffdf9; }
  @media (prefers-color-scheme: dark) { :root { --ink: #ece8e1; --soft: #a7adba; --ground: #171a21; --sheet: #1d212a; --line: #333a47; --mark: #e0a07c; --on-mark: #171a21; } }
  * { box-sizing: border-box; }
  body { margin: 0; background: var(--ground); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif; }
  main { max-width: 32rem; margin: 14vh auto 4rem; padding: 0 1.5rem; }
  .brand { margin: 0 0 2.5rem; font-weight: 700; }
  .brand span { color: var(--mark); font-weight: 500; }
  h1 { font-size: 1.75rem; line-height: 1.25; letter-spacing: -.01em; margin: 0 0 .75rem; text-wrap: balance; }
  p { margin: 0 0 .75rem; color: var(--soft); }
  dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1.25rem; margin: 0 0 1.5rem; }
  dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
  .acts { display: grid; gap: .75rem; margin: 1.75rem 0 0; }
  a.act, button { display: block; width: 100%; padding: .8rem 1.1rem; border-radius: 10px; border: 1px solid var(--line); background: var(--sheet); color: var(--ink); font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; }
  a.act.first, button.first { background: var(--mark); border-color: var(--mark); color: var(--on-mark); }
  a.act:focus-visible, button:focus-visible, input:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
  form { margin: 0; }
  label { display: block; margin: 1.75rem 0 .4rem; color: var(--soft); }
  input[type=email] { width: 100%; margin: 0 0 .75rem; padding: .75rem .9rem; border-radius: 10px; border: 1px solid var(--line); background: var(--sheet); color: var(--ink); font: inherit; }
  .small { margin: 2.5rem 0 0; font-size: .8125rem; overflow-wrap: anywhere; } code { font-family: ui-monospace, monospace; }
`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** Styles stand in the page, so that it is one request; nothing else is loaded, and no script runs. */
export function ssoPolicy(formTargets: readonly string[]): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    // Browsers apply this to where a form is redirected to as well.
    ['form-action', "'self'", ...new Set(formTargets)].join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

export function faultPage(fault: LoginFault, reference: string, again: string, language: Language): string {
  const { title, happened, todo } = wordsFor(fault.advice, language);
  const words = commonWords(language);
  return page(
    language,
    title,
    `<p>${escape(happened)}</p><p>${escape(todo)}</p>
  <div class="acts"><a class="act first" href="${escape(again)}">${words.begin}</a></div>
  <p class="small">${words.reference}: <code>${escape(reference)}</code> · <code>${fault.code}</code></p>`,
  );
}

/** @param fields hidden ones of the e-mail form */
export function choosePage(
  providers: readonly { title: string; href: string }[],
  fields: Readonly<Record<string, string>>,
  language: Language,
): string {
  const words = commonWords(language);
  if (providers.length === 0) return page(language, words.none, `<p>${words.noneTodo}</p>`);
  const buttons = providers.map(
    ({ title, href }) => `<a class="act" href="${escape(href)}">${escape(title)}</a>`,
  );
  return page(
    language,
    words.choose,
    `<p>${words.chooseHow}</p>
  <div class="acts">${buttons.join('')}</div>
  <form method="get" action="/sso/login">
    ${hidden(fields)}
    <label for="email">${words.email}</label>
    <input type="email" id="email" name="email" autocomplete="email" required maxlength="254">
    <button class="first">${words.find}</button>
  </form>`,
  );
}

export function accountPage(
  person: { provider: string; role: string | null; csrf: string },
  language: Language,
): string {
  const words = commonWords(language);
  const role = person.role === null ? '' : `<dt>${words.role}</dt><dd>${escape(person.role)}</dd>`;
  const out = (title: string, fields: Record<string, string>, name: string): string =>
    `<form method="post" action="/sso/logout">${hidden({ csrf: person.csrf, ...fields })}<button class="${name}">${title}</button></form>`;
  return page(
    language,
    words.account,
    `<dl><dt>${words.through}</dt><dd>${escape(person.provider)}</dd>${role}</dl>
  <div class="acts">${out(words.out, {}, 'first')}${out(words.everywhere, { everywhere: 'true' }, '')}</div>`,
  );
}

export function signedOutPage(language: Language): string {
  const words = commonWords(language);
  return page(
    language,
    words.gone,
    `<p>${words.goneTodo}</p><div class="acts"><a class="act" href="/sso/login">${words.choose}</a></div>`,
  );
}

function page(language: Language, title: string, body: string): string {
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escape(title)} · Foyer</title>
<style>${STYLE}</style>
<main>
  <p class="brand">Foyer</p>
  <h1>${escape(title)}</h1>
  ${body}
</main>
</html>
`;
}

function hidden(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`)
    .join('');
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
