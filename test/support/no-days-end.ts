/** Calls a day that no test comes near. */
export const NO_END = 10 ** 9;

/**
 * For twins that a worker calls. The product spares the day's quota that an answer tells of, the most just after
 * midnight UTC: with the twins' own quotas how long a test takes would depend on the hour.
 */
export const NO_DAYS_END = {
  TWIN_HUBSPOT_DAILY_MAX: String(NO_END),
  TWIN_SALESFORCE_DAILY_MAX: String(NO_END),
  TWIN_MARKETO_DAILY_MAX: String(NO_END),
} as const;
