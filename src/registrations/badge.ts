import { encode } from 'uqr';

const [WIDTH, HEIGHT, QR_SIZE] = [320, 200, 120];

/** What stands on a badge. */
export interface Badge {
  readonly name: string;
  readonly company?: string | undefined;
  readonly event: string;
  /** What its QR code says. */
  readonly code: string;
}

/** A badge to print or show: names shrink until they fit, the code stands where a scanner finds it. */
export function badgeSvg({ name, company, event, code }: Badge): string {
  const { data, size } = encode(code, { ecc: 'M', border: 2 });
  const cells = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  const scale = (QR_SIZE / size).toFixed(4);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(`Badge of ${name}`)}">
<rect width="${WIDTH}" height="${HEIGHT}" rx="10" fill="#fff" stroke="#1d2433"/>
<g font-family="system-ui, sans-serif" fill="#1d2433">
${line(event, 20, 34, 14, WIDTH - 40)}
${line(name, 20, 100, 24, WIDTH - QR_SIZE - 45)}
${company === undefined ? '' : line(company, 20, 128, 14, WIDTH - QR_SIZE - 45)}
</g>
<path transform="translate(${WIDTH - QR_SIZE - 15} ${HEIGHT - QR_SIZE - 15}) scale(${scale})" fill="#000" d="${cells.join('')}"/>
</svg>
`;
}

/** About half as wide as high is what a letter takes; what would be wider is pressed together. */
function line(text: string, x: number, y: number, size: number, widthMax: number): string {
  const press =
    text.length * size * 0.56 > widthMax ? ` textLength="${widthMax}" lengthAdjust="spacingAndGlyphs"` : '';
  return `<text x="${x}" y="${y}" font-size="${size}"${press}>${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
