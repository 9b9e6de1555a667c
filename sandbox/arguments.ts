import { TWIN_NAMES, type TwinName } from './vendor.js';

const USAGE = `Usage: node dist/sandbox/main.js <${TWIN_NAMES.join('|')}> [--host ADDRESS] [--port N] [--url BASE] [--journal FILE] [--with-parent]`;

export interface Arguments {
  twin: TwinName;
  host: string;
  port: number;
  /** Where others reach it, where that is not the address it listens on: in a network of containers. */
  url: string | undefined;
  journalFile: string | undefined;
  /** End when standard input closes. */
  isWithParent: boolean;
}

/** Reads the command line; a string says what is wrong with it. */
export function readArguments(given: readonly string[]): Arguments | string {
  const [name, ...rest] = given;
  const twin = TWIN_NAMES.find((each) => each === name);
  if (twin === undefined) return `Which twin? ${USAGE}`;
  const wanted: Arguments = {
    twin,
    host: '127.0.0.1',
    port: 0,
    url: undefined,
    journalFile: undefined,
    isWithParent: false,
  };
  while (rest.length > 0) {
    const [name, inline] = splitAtEquals(rest.shift()!);
    if (name === '--with-parent') {
      wanted.isWithParent = true;
      continue;
    }
    const value = inline ?? rest.shift();
    if (value === undefined) return `${name} needs a value. ${USAGE}`;
    if (name === '--journal') wanted.journalFile = value;
    else if (name === '--host') wanted.host = value;
    else if (name === '--url' && URL.canParse(value)) wanted.url = value.replace(/\/+$/, '');
    else if (name === '--port' && /^\d{1,5}$/.test(value) && Number(value) <= 65_535)
      wanted.port = Number(value);
    else return `"${name} ${value}" is not understood. ${USAGE}`;
  }
  return wanted;
}

function splitAtEquals(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
