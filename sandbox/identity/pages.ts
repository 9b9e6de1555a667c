import { createHash } from 'node:crypto';
import { PEOPLE } from './people.js';

const STYLE = `
:root{color-scheme:light dark;--ground:#eef2f5;--sheet:#fff;--ink:#1c2733;--soft:#566270;--line:#cfd8e0;--mark:#1f5f8b}
@media (prefers-color-scheme:dark){:root{--ground:#12171c;--sheet:#1a2129;--ink:#e6ecf1;--soft:#a3afba;--line:#36424e;--mark:#8ec5ea}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1.0625rem/1.5 system-ui,sans-serif}
main{max-width:30rem;margin:0 auto;padding:clamp(1.5rem,8vh,5rem) 1.25rem 3rem}
.over{margin:0 0 .5rem;color:var(--mark);font-weight:600;font-size:.9375rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .5rem}
p{margin:0 0 1.25rem;color:var(--soft)}
button{display:block;width:100%;margin:0 0 .6rem;padding:.8rem 1rem;border:1px solid var(--line);border-radius:10px;background:var(--sheet);color:inherit;font:inherit;text-align:left;cursor:pointer}
button:hover{border-color:var(--mark)}
button:focus-visible{outline:3px solid var(--mark);outline-offset:2px}
button strong,button span{display:block}
button span{color:var(--soft);font-size:.9375rem;overflow-wrap:anywhere}
button.plain{border-color:transparent;background:none;color:var(--soft);text-align:center}
.suggested{border:2px solid var(--mark)}
`.replaceAll('\n', '');

/** No `form-action`: browsers hold it against where a login is redirected to, which is wherever Foyer runs. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; frame-ancestors 'none'`;

/** @param hint an e-mail that the login came with: whose it is stands out */
export function choosePage(action: string, hint: string | undefined): string {
  const buttons = PEOPLE.map(({ id, part, claims }) => {
    const email = String(claims.email);
    const isSuggested = email === hint?.toLowerCase();
    return `<button name="person" value="${id}"${isSuggested ? ' class="suggested" autofocus' : ''}><strong>${escape(String(claims.name))}</strong><span>${escape(part)}</span><span>${escape(email)}</span></button>`;
  });
  return page(
    'Who are you today?',
    `<p>People of the sandbox. Nobody here has a password.</p>
<form method="post" action="${escape(action)}">${buttons.join('')}<button class="plain" name="person" value="">Nobody: go back without logging in</button></form>`,
  );
}

/** @param form the library's own, which carries what protects it */
export function logoutPage(form: string): string {
  return page(
    'Log out here too?',
    `<p>You are logged in with the sandbox. Log out here, and the next login asks again who you are.</p>
${form}<button form="op.logoutForm" name="logout" value="yes" autofocus>Log out</button><button class="plain" form="op.logoutForm">Stay logged in here</button>`,
  );
}

export function messagePage(title: string, text: string): string {
  return page(title, `<p>${escape(text)}</p>`);
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title><style>${STYLE}</style></head><body><main><p class="over">Sandbox identity provider</p><h1>${escape(title)}</h1>${body}</main></body></html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
