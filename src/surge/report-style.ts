import { TOKENS } from '#web/style.js';

/** The look of the report: the tokens of the attendees' pages, and four colours for lines. */
export const REPORT_STYLE = `${TOKENS}
:root{--look-1:#2c6a9e;--look-2:#b4552d;--look-3:#1f6f50;--look-4:#7a4f9a}
@media (prefers-color-scheme:dark){:root{--look-1:#7db7e6;--look-2:#eb9a72;--look-3:#6fc7a1;--look-4:#c4a0e0}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:56rem;margin:0 auto;padding:clamp(1.5rem,5vh,3.5rem) 1.25rem 4rem}
.over{margin:0;color:var(--mark);font-weight:600}
h1{font-size:clamp(1.6rem,4vw,2.2rem);line-height:1.15;letter-spacing:-.02em;margin:.25rem 0 .5rem;text-wrap:balance}
h2{font-size:1.25rem;margin:2.75rem 0 .75rem}
p{margin:0 0 .75rem;max-width:44rem}
.soft{color:var(--soft)}
.verdict{border-left:4px solid var(--good);padding:.1rem 0 .1rem 1rem;margin:1.25rem 0}
.verdict.bad{border-color:var(--bad)}
.verdict strong{color:var(--good)}.verdict.bad strong{color:var(--bad)}
.verdict ul{margin:.25rem 0 0;padding-left:1.1rem}
.tiles{display:grid;grid-template-columns:repeat(3,1fr);gap:1px;background:var(--line);border:1px solid var(--line);border-radius:var(--radius);overflow:hidden;margin:1.5rem 0 0;padding:0}
.tiles div{background:var(--sheet);padding:.9rem 1rem}
.tiles dt{color:var(--soft);font-size:.875rem}
.tiles dd{margin:0;font-size:1.5rem;font-weight:650;letter-spacing:-.02em}
.tiles small{display:block;font-size:.8125rem;font-weight:400;letter-spacing:0;color:var(--soft)}
.advice{background:var(--sheet);border:1px solid var(--line);border-radius:var(--radius);padding:1.25rem 1.5rem}
.advice code{font:600 1.05rem ui-monospace,monospace;overflow-wrap:anywhere}
.advice ol{margin:.75rem 0 0;padding-left:1.2rem}.advice li{margin:0 0 .4rem;max-width:44rem}
figure{margin:1.25rem 0 0;background:var(--sheet);border:1px solid var(--line);border-radius:var(--radius);padding:1rem 1rem .5rem}
figcaption{font-weight:650}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--soft);font-size:12px}
.grid{stroke:var(--line);stroke-width:1}
polyline{fill:none;stroke-width:2;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.names{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:.15rem 0 .5rem;padding:0;font-size:.875rem;color:var(--soft)}
.names i{display:inline-block;width:1.1rem;height:0;border-top:3px solid;vertical-align:middle;margin-right:.4rem}
${[1, 2, 3, 4].map((n) => `polyline.look-${n}{stroke:var(--look-${n})}i.look-${n}{border-color:var(--look-${n})}`).join('')}
polyline.look-limit{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:5 4}i.look-limit{border-top:2px dashed var(--bad)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
th,td{white-space:nowrap;text-align:right;padding:.4rem .6rem;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:550}
th:first-child,td:first-child{text-align:left;padding-left:0}
footer{margin-top:3rem;color:var(--soft);font-size:.875rem}
@media (max-width:40rem){.tiles{grid-template-columns:repeat(2,1fr)}svg text{font-size:22px}}
.wide+p{margin-top:.75rem}
@media print{figure,.advice{break-inside:avoid}}
`;
