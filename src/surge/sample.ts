/** What the lobby itself says at one moment. */
export interface Sample {
  readonly atMs: number;
  readonly active: number;
  readonly releasedLastMinute: number;
  readonly waiting: number;
  readonly present: number;
  readonly issued: number;
  readonly called: number;
}
