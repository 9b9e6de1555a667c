export type Json = Record<string, unknown>;

/** Where in the file (a JSON pointer) and what to mend there. */
export interface AgendaFault {
  readonly pointer: string;
  readonly message: string;
}

/** A place in the file, which notes what is wrong there: reading goes on, so that all faults are told at once. */
export class AgendaPlace {
  constructor(
    readonly pointer: string,
    private readonly faults: AgendaFault[],
    private readonly value?: unknown,
  ) {}

  /** @param value what stands there, where it will be asked for */
  at(name: string | number, value?: unknown): AgendaPlace {
    const escaped = String(name).replaceAll('~', '~0').replaceAll('/', '~1');
    return new AgendaPlace(`${this.pointer}/${escaped}`, this.faults, value);
  }

  fault(message: string): void {
    this.faults.push({ pointer: this.pointer, message });
  }

  object(): Json {
    if (isObject(this.value)) return this.value;
    this.fault('must be an object');
    return {};
  }

  /** '' where it is missing or no text, which is noted. */
  text(value: unknown): string {
    if (value === undefined || value === null || value === '') this.fault('is missing');
    else if (typeof value !== 'string') this.fault('must be a text');
    else return value;
    return '';
  }

  /** One line: line breaks and runs of space become one space. */
  line(value: unknown, charactersMax: number): string {
    const text = this.text(value);
    const line = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
    if (text !== '' && line === '') this.fault('is blank');
    if (line.length > charactersMax)
      this.fault(`has ${line.length} characters, at most ${charactersMax} fit`);
    return line;
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
