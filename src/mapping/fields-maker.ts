/**
 * Makes the object of fields that a record is written as. Its names are known when a mapping is compiled, so for each
 * set of fields that are present one function is made that writes them as a literal: ten times faster than adding
 * name by name, and a field that is absent is an absent key.
 */
import type { FieldValue, Fields } from './compiled-mapping.js';
import { literalMaker } from './generated-code.js';

type Make = (values: readonly (FieldValue | undefined)[]) => Fields;

/** One step for each field, in order: was it there? */
interface Step {
  present: Step | null;
  absent: Step | null;
  make: Make | null;
}

/** Sets of present fields beyond these are added name by name. */
const literalsMax = 256;

export class FieldsMaker {
  private readonly root: Step = newStep();
  private literals = 0;

  constructor(private readonly names: readonly string[]) {}

  /** @param values one for each name, `undefined` where the field is absent */
  make(values: readonly (FieldValue | undefined)[]): Fields {
    let step = this.root;
    for (const value of values) {
      step = value === undefined ? (step.absent ??= newStep()) : (step.present ??= newStep());
    }
    return step.make ? step.make(values) : this.first(step, values);
  }

  private first(step: Step, values: readonly (FieldValue | undefined)[]): Fields {
    if (this.literals++ >= literalsMax) return this.byName(values);
    const literal = literalMaker(this.names, (i) => values[i] !== undefined) as Make | null;
    const make: Make = literal ?? ((made) => this.byName(made));
    step.make = make;
    return make(values);
  }

  private byName(values: readonly (FieldValue | undefined)[]): Fields {
    const fields: Record<string, FieldValue> = {};
    this.names.forEach((name, i) => {
      const value = values[i];
      if (value !== undefined) fields[name] = value;
    });
    return fields;
  }
}

function newStep(): Step {
  return { present: null, absent: null, make: null };
}
