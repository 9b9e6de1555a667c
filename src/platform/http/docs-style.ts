/** The look of /docs. One column to read, one to find the way; light and dark as the reader's system says. */
export const DOCS_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f7f5f1; --sheet: #fffdf9; --ink: #1d2433; --soft: #5b6475; --line: #e2ddd3; --mark: #8a4b2a; --code: #f1ede5;
  --get: #1f6f50; --post: #7a4a12; --put: #5a4a9c; --patch: #5a4a9c; --delete: #a1343a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171d; --sheet: #1a1e26; --ink: #ece8e1; --soft: #a7adba; --line: #2c323d; --mark: #e0a07c; --code: #12151a;
    --get: #6fc7a1; --post: #dba25c; --put: #b3a6f0; --patch: #b3a6f0; --delete: #ef8d92;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1.5rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; display: grid; grid-template-columns: 19rem minmax(0, 1fr); background: var(--ground); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", sans-serif;
}
a { color: inherit; }
a:focus-visible, summary:focus-visible, pre:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; border-radius: 4px; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .875em; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--sheet); padding: .5rem 1rem; z-index: 1; }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 2rem 1.25rem; border-right: 1px solid var(--line); }
nav .brand { margin: 0 0 1.5rem; font-size: 1.25rem; font-weight: 700; letter-spacing: -.01em; }
nav .brand a { text-decoration: none; }
nav .brand span { color: var(--mark); font-weight: 500; }
nav h2 { margin: 1.5rem 0 .35rem; font-size: .75rem; letter-spacing: .08em; text-transform: uppercase; color: var(--soft); }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: flex; gap: .6rem; align-items: baseline; padding: .22rem .5rem; margin: 0 -.5rem; border-radius: 6px; font-size: .875rem; line-height: 1.4; text-decoration: none; }
nav li a:hover { background: var(--sheet); }
nav li b { flex: 0 0 3.1rem; }
.machine { margin-top: 2rem; font-size: .875rem; color: var(--soft); }
main { padding: 3rem clamp(1.25rem, 4vw, 4rem) 6rem; max-width: 72rem; }
header { max-width: 44rem; margin-bottom: 3rem; }
h1 { font-size: 2.25rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 1rem; }
header p { color: var(--soft); margin: 0 0 .75rem; }
section > h2 { font-size: 1.375rem; margin: 3rem 0 1rem; text-transform: capitalize; }
article { background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; padding: 1.5rem 1.75rem; margin: 0 0 1.25rem; }
article:target { border-color: var(--mark); }
h3 { margin: 0 0 .25rem; font-size: 1.125rem; }
h4 { margin: 1.25rem 0 .5rem; font-size: .8125rem; color: var(--soft); font-weight: 600; }
.address { margin: 0; overflow-wrap: anywhere; }
.address i { color: var(--mark); font-style: normal; }
b.get, b.post, b.put, b.patch, b.delete { font: 700 .6875rem/1 ui-monospace, monospace; text-transform: uppercase; letter-spacing: .04em; }
b.get { color: var(--get); } b.post { color: var(--post); } b.put { color: var(--put); } b.patch { color: var(--patch); } b.delete { color: var(--delete); }
.lock { font-size: .75rem; color: var(--soft); border: 1px solid var(--line); border-radius: 99px; padding: .1rem .6rem; white-space: nowrap; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); font-weight: 400; }
tr:first-child th, tr:first-child td { border-top: 0; }
td { color: var(--soft); }
.pair { display: grid; grid-template-columns: minmax(0, 1.1fr) minmax(0, 1fr); gap: 1.5rem; align-items: start; }
pre { margin: 0; padding: 1rem 1.1rem; background: var(--code); border: 1px solid var(--line); border-radius: 8px; overflow-x: auto; line-height: 1.5; }
details { margin-top: .75rem; border-top: 1px solid var(--line); padding-top: .75rem; }
summary { cursor: pointer; font-size: .9375rem; }
details pre { margin-top: .75rem; }
.answer { margin: .75rem 0 0; border-top: 1px solid var(--line); padding-top: .75rem; font-size: .9375rem; }
.status { font-family: ui-monospace, monospace; color: var(--get); }
@media (max-width: 60rem) {
  body { display: block; }
  nav { position: static; height: auto; max-height: 45vh; border-right: 0; border-bottom: 1px solid var(--line); }
  .pair { grid-template-columns: minmax(0, 1fr); }
  article { padding: 1.25rem; }
}
`;
