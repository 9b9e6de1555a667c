import { existsSync, readFileSync } from 'node:fs';

interface PageFile {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The page's files: its address, its name on disk, its type. */
const FILES: Record<string, [name: string, type: string]> = {
  '/_twin': ['page.html', 'text/html; charset=utf-8'],
  '/_twin/': ['page.html', 'text/html; charset=utf-8'],
  '/_twin/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/_twin/page.js': ['page.mjs', 'text/javascript; charset=utf-8'],
};

const SECURITY = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
};

/** A file of the page, or undefined when the address is not one of its. */
export function pageFile(path: string): PageFile | undefined {
  const file = FILES[path];
  if (file === undefined) return undefined;
  const [name, type] = file;
  const found = foldersOfPage().find((folder) => existsSync(new URL(name, folder)));
  if (found === undefined) {
    const body = `The page's file ${name} is not beside the program; copy sandbox/page there. /_twin/journal works.`;
    return { status: 404, headers: { ...SECURITY, 'Content-Type': 'text/plain; charset=utf-8' }, body };
  }
  return {
    status: 200,
    headers: { ...SECURITY, 'Content-Type': type },
    body: readFileSync(new URL(name, found), 'utf8'),
  };
}

/** The compiler leaves these files where they are, so a built twin also looks in the sources. */
function foldersOfPage(): URL[] {
  return [new URL('./', import.meta.url), new URL('../../../sandbox/page/', import.meta.url)];
}
