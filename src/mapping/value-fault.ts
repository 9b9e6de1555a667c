/** An expression cannot give a value for this record. Carries the class of a value, never a value. */
export class ValueFault extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly owner: 'data' | 'mapping' = 'data',
    /** With `target-missing`: the mapping whose delivery is not there yet. */
    readonly waitsFor: string | null = null,
  ) {
    super(message);
  }
}
