import type { LookupRow } from './compiled-mapping.js';
import type { LetBinding } from './mapping-file.js';
import type { Faults } from './diagnostic.js';
import type { Checked, ExpressionLanguage, Node } from './expression-language.js';
import type { StreamContract } from './stream-contracts.js';
import type { Frame, Run } from './value.js';

const letNamePattern = /^[a-zA-Z][a-zA-Z0-9_]*$/;
const unset = Symbol('not computed yet');
const noSlots: unknown[] = [];

/** The names of `let`: each sees the ones above it and is computed on first use, once per record. */
export class LetBindings {
  /** What each name stands for, so that a guard or a consent-bound attribute is seen through it. */
  readonly nodes = new Map<string, Node>();
  readonly runs = new Map<string, Run>();
  readonly names: string[] = [];
  private slotCount = 0;

  constructor(
    private readonly contract: StreamContract,
    private readonly faults: Faults,
    /** Knows the names bound so far. */
    public language: ExpressionLanguage,
  ) {}

  /** Fresh slots for one record. */
  newSlots(): unknown[] {
    return this.slotCount === 0 ? noSlots : Array<unknown>(this.slotCount).fill(unset);
  }

  nextSlot(): number {
    return this.slotCount++;
  }

  isFree({ name }: LetBinding): boolean {
    const isTaken =
      Object.hasOwn(this.contract.variables, name.value) || ['consent', 'cel'].includes(name.value);
    if (!isTaken && letNamePattern.test(name.value)) return true;
    this.faults.add(name.range, {
      code: 'bad-name',
      message: isTaken ? `${name.value} is a name of the stream` : `${name.value} is no name for let`,
      expected: 'a new name of letters, digits and _',
    });
    return false;
  }

  /** After a fault (nulls) the name goes on as `dyn`, so that its uses are not reported as well. */
  bind({ name }: LetBinding, checked: Checked | null, run: Run | null): void {
    if (this.names.length === 0) this.language = this.language.forMapping();
    this.language.declare(name.value, checked?.type ?? 'dyn');
    this.names.push(name.value);
    if (checked) this.nodes.set(name.value, checked.node);
    if (!run) {
      this.runs.set(name.value, () => undefined);
      return;
    }
    const slot = this.nextSlot();
    this.runs.set(name.value, (frame) => {
      const known = frame.slots[slot];
      if (known === unset) return (frame.slots[slot] = frame.lookups ? noted(run, slot, frame) : run(frame));
      const rows = frame.letLookups?.get(slot);
      if (rows) frame.lookups?.push(...rows);
      return known;
    });
  }
}

/** The rows that a name looked up belong to every field that uses it, not only to the first. */
function noted(run: Run, slot: number, frame: Frame): unknown {
  const before = frame.lookups!.length;
  const value = run(frame);
  const rows = frame.lookups!.slice(before);
  if (rows.length > 0) (frame.letLookups ??= new Map<number, LookupRow[]>()).set(slot, rows);
  return value;
}
