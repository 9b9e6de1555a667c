import type { Node } from './expression-language.js';
import type { Picklist } from './picklist.js';
import type { Run } from './value.js';

export interface Compiled {
  readonly run: Run;
  readonly isConstant: boolean;
}

/** Names in reach: the snapshot's attributes, `let` names, loop variables; tables; mappings in `needs`. */
export interface Scope {
  readonly variables: ReadonlySet<string>;
  readonly slots: ReadonlyMap<string, Run>;
  readonly needs: readonly string[];
  readonly picklists: ReadonlyMap<string, Picklist>;
  /** Hands out the next free slot of the frame. */
  readonly nextSlot: () => number;
}

/** A construct that checks as CEL and is no part of this language. */
export class NotInLanguage extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly node: Node,
    readonly nearest: string | null = null,
    readonly fix: string | null = null,
  ) {
    super(message);
  }
}
