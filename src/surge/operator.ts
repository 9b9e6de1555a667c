/** Speaks to the API with an operator's key; the command brings it. */
export interface Operator {
  readonly api: string;
  /** @returns null where it is not there. @throws Error with the problem's own words */
  read<T>(path: string): Promise<T | null>;
  readAll<T>(path: string): Promise<T[]>;
  send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<T>;
}
