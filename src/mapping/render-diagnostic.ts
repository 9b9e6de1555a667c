import type { Diagnostic } from './diagnostic.js';

/** Colours are functions of the caller's, so that a log gets plain text and a terminal gets colour. */
export interface Palette {
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

const plain: Palette = { error: same, warning: same, strong: same, faint: same };

/**
 * ```
 * mappings/hubspot.contact.yaml:14:10 error unknown-attribute
 *   Person has no attribute emial
 *    14 |   email: person.emial
 *       |                 ^^^^^
 *   expected  one of id, email, …
 *   fix       write email
 * ```
 */
export function renderDiagnostic(diagnostic: Diagnostic, palette: Palette = plain): string {
  const { severity, code, file, line, column, message, sourceLine, length, expected, fix } = diagnostic;
  const paint = severity === 'error' ? palette.error : palette.warning;
  const gutter = String(line).padStart(5);
  // A tab before the caret keeps the width it has in the line above.
  const indent = sourceLine.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return [
    `${palette.strong(`${file}:${line}:${column}`)} ${paint(severity)} ${code}`,
    `  ${message}`,
    `${palette.faint(`${gutter} |`)} ${sourceLine}`,
    `${palette.faint('      |')} ${indent}${paint('^'.repeat(length))}`,
    ...(expected ? [`  ${palette.faint('expected')}  ${expected}`] : []),
    ...(fix ? [`  ${palette.faint('fix')}       ${fix}`] : []),
  ].join('\n');
}

export function renderDiagnostics(diagnostics: readonly Diagnostic[], palette: Palette = plain): string {
  return diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, palette)).join('\n\n');
}

function same(text: string): string {
  return text;
}
