/** What a platform's hook comes to: signals at a place, or nothing that we know. */
export interface Reading {
  /** Its webinar, room, …; null where it belongs to none. */
  readonly place: string | null;
  /** As `POST …/signals` takes them, without session. */
  readonly signals: readonly Record<string, unknown>[];
  /** Whose an id of the platform is. */
  readonly acquaintances: readonly { readonly externalId: string; readonly email: string }[];
}

/** How one platform speaks. */
export interface Platform {
  readonly name: string;
  /** Is it really the platform's? */
  isSigned(headers: Readonly<Record<string, unknown>>, body: Buffer, secret: string, now: Date): boolean;
  /** The kind of the hook, '' where it names none. */
  kindOf(hook: Json): string;
  /** The answer that a challenge asks for; null where it is none. */
  challenge(hook: Json, secret: string): Json | null;
  /** Null where the kind is not known. */
  read(hook: Json): Reading | null;
}

export type Json = Readonly<Record<string, unknown>>;

/** What stands there, if it is an object; else an empty one. */
export function objectAt(value: Json, ...names: string[]): Json {
  let at: unknown = value;
  for (const name of names) at = typeof at === 'object' && at !== null ? (at as Json)[name] : undefined;
  return typeof at === 'object' && at !== null && !Array.isArray(at) ? (at as Json) : {};
}

/** What stands there as a text; numbers become texts, anything else is ''. */
export function textAt(value: Json, name: string): string {
  const at = value[name];
  return typeof at === 'string' ? at.trim() : typeof at === 'number' ? String(at) : '';
}
