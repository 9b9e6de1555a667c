/**
 * The look of everything that attendees see. Tokens first: the operator of an event changes these, not the rules.
 * Light and dark follow the reader's system; nothing is loaded from elsewhere.
 */
export const TOKENS = `
:root{color-scheme:light dark;--ground:#f7f5f1;--sheet:#fffdf9;--ink:#1d2433;--soft:#565f70;--line:#ddd7cc;--mark:#8a4b2a;--mark-ink:#fffdf9;--bad:#a1343a;--good:#1f6f50;--radius:12px}
@media (prefers-color-scheme:dark){:root{--ground:#14171d;--sheet:#1a1e26;--ink:#ece8e1;--soft:#a7adba;--line:#323947;--mark:#e0a07c;--mark-ink:#14171d;--bad:#f0959a;--good:#6fc7a1}}
`;

export const BASE = `
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:40rem;margin:0 auto;padding:clamp(2rem,8vh,5rem) 1.25rem 4rem}
.over{margin:0 0 .5rem;color:var(--mark);font-weight:600;font-size:.9375rem}
h1{font-size:clamp(1.75rem,5vw,2.375rem);line-height:1.15;letter-spacing:-.02em;margin:0 0 .75rem;text-wrap:balance}
h2{font-size:1.1875rem;line-height:1.3;margin:0 0 .25rem}
p{margin:0 0 1rem}
.soft{color:var(--soft)}
a{color:var(--mark);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--mark);outline-offset:2px;border-radius:4px}
button,.button{display:inline-block;border:0;border-radius:999px;background:var(--mark);color:var(--mark-ink);font:inherit;font-weight:600;line-height:1.25;padding:.8125rem 1.9rem;cursor:pointer;text-align:center;text-decoration:none}
button.quiet{background:transparent;color:var(--bad);border:1px solid currentColor}
.sheet{background:var(--sheet);border:1px solid var(--line);border-radius:var(--radius);padding:1.5rem;margin:0 0 1.25rem}
footer{margin-top:3rem;font-size:.875rem;color:var(--soft)}
footer a{color:inherit}
`;

export const FORM = `
form{margin-top:2rem}
fieldset{border:0;margin:0 0 2rem;padding:0;min-width:0}
legend{font-size:1.1875rem;font-weight:650;padding:0;margin:0 0 1rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:0 1rem}
.field{margin:0 0 1.1rem}
.field>label,.field>.label{display:block;font-weight:550;margin:0 0 .3rem}
.field small{display:block;color:var(--soft);font-size:.875rem;line-height:1.4;margin:.3rem 0 0}
.optional{font-weight:400;color:var(--soft)}
input[type=text],input[type=email],input[type=tel],input[type=number],input[type=date],select,textarea{width:100%;min-height:3rem;padding:.6rem .8rem;border:1px solid var(--line);border-radius:8px;background:var(--sheet);color:inherit;font:inherit}
textarea{min-height:6rem;resize:vertical}
[aria-invalid=true]{border-color:var(--bad)!important;border-width:2px!important}
.wrong{color:var(--bad);font-size:.9375rem;margin:.3rem 0 0}
.wrongs{border:2px solid var(--bad)}
.wrongs ul{margin:.5rem 0 0;padding-left:1.2rem}
.wrongs a{color:inherit}
.tick{display:flex;gap:.75rem;align-items:flex-start;padding:.45rem 0}
.tick input{flex:none;width:1.35rem;height:1.35rem;margin:.15rem 0 0;accent-color:var(--mark)}
.tick span{min-width:0}
.sessions{border-top:1px solid var(--line)}
.sessions .tick{border-bottom:1px solid var(--line);padding:.7rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.25rem;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
`;

export const LOGIN = `
main{max-width:32rem}
p{color:var(--soft)}
p.over{color:var(--mark)}
dl{margin:1.25rem 0 0}
.acts{display:grid;gap:.75rem;margin:1.75rem 0 0}
.acts form{margin:0}
button,.button{width:100%}
.plain{background:var(--sheet);color:var(--ink);box-shadow:inset 0 0 0 1px var(--line)}
code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}
`;
