const DAY_MS = 86_400_000;

/** The calls of the day against the org's limit. Salesforce has no limit by second. */
export class ApiUsage {
  isOn = true;
  private day = 0;
  private used = 0;

  constructor(private readonly dailyMax: number) {}

  /** Counts a call; false means that the day's limit is used up. */
  admit(at: number): boolean {
    const day = Math.floor(at / DAY_MS);
    if (day !== this.day) {
      this.day = day;
      this.used = 0;
    }
    if (this.isOn && this.used >= this.dailyMax) return false;
    this.used += 1;
    return true;
  }

  /** The value of Sforce-Limit-Info. */
  header(): string {
    return `api-usage=${this.used}/${this.dailyMax}`;
  }

  /** GET limits */
  limits(): object {
    const allowance = (Max: number, Remaining = Max) => ({ Max, Remaining });
    return {
      DailyApiRequests: allowance(this.dailyMax, Math.max(0, this.dailyMax - this.used)),
      DailyAsyncApexExecutions: allowance(250_000),
      DailyBulkApiBatches: allowance(15_000),
      DailyBulkV2QueryJobs: allowance(10_000),
      DataStorageMB: allowance(1024),
      FileStorageMB: allowance(1024),
      HourlyTimeBasedWorkflow: allowance(1000),
      SingleEmail: allowance(5000),
    };
  }
}
