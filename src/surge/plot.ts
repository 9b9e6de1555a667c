const WIDTH = 720;
const HEIGHT = 250;
const LEFT = 58;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 30;
const TICKS = 4;

export interface Line {
  readonly name: string;
  readonly values: readonly number[];
  /** 1–4: a colour of the page's style; `limit` is a dashed rule. */
  readonly look: 1 | 2 | 3 | 4 | 'limit';
}

export interface Plot {
  readonly title: string;
  /** What a line of figures would say, for those who do not see it. */
  readonly says: string;
  readonly atSeconds: readonly number[];
  readonly lines: readonly Line[];
}

/** A plot over time as inline SVG; its colours are the page's, so that it follows light and dark. */
export function plotSvg({ title, says, atSeconds, lines }: Plot): string {
  const endSeconds = atSeconds.at(-1) ?? 1;
  const step = stepOf(Math.max(1, ...lines.flatMap(({ values }) => values)));
  const top = step * Math.ceil(Math.max(1, ...lines.flatMap(({ values }) => values)) / step);
  const x = (seconds: number): number => LEFT + (seconds / endSeconds) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const rows = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
  const grid = rows.map(
    (value) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${short(y(value))}" y2="${short(y(value))}"/>` +
      `<text x="${LEFT - 8}" y="${short(y(value) + 4)}" text-anchor="end">${value.toLocaleString('en')}</text>`,
  );
  const times = timesOf(endSeconds).map(
    ({ seconds, text }) =>
      `<text x="${short(x(seconds))}" y="${HEIGHT - 8}" text-anchor="middle">${text}</text>`,
  );
  const paths = lines.map(({ values, look }) => {
    const points = values.map((value, i) => `${short(x(atSeconds[i]!))},${short(y(value))}`);
    return `<polyline class="look-${look}" points="${short(x(0))},${short(y(look === 'limit' ? (values[0] ?? 0) : 0))} ${points.join(' ')}"/>`;
  });
  const names = lines.map(({ name, look }) => `<li><i class="look-${look}"></i>${escaped(name)}</li>`);
  return (
    `<figure><figcaption>${escaped(title)}</figcaption><ul class="names">${names.join('')}</ul>` +
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(says)}">` +
    `${grid.join('')}${times.join('')}${paths.join('')}</svg></figure>`
  );
}

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** 1, 2 or 5 times a power of ten. */
function stepOf(most: number): number {
  const rough = most / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough)! * power;
  return Math.max(1, step);
}

function timesOf(endSeconds: number): { seconds: number; text: string }[] {
  const isMinutes = endSeconds > 180;
  const unit = isMinutes ? 60 : 1;
  const step = stepOf((endSeconds / unit / 6) * TICKS) * unit;
  const times = [];
  for (let seconds = 0; seconds <= endSeconds * 0.98; seconds += step)
    times.push({ seconds, text: `${seconds / unit} ${isMinutes ? 'min' : 's'}` });
  return times;
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
