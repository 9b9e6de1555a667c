/**
 * Campaign members. A campaign allows only the statuses that stand as its CampaignMemberStatus rows, and Salesforce
 * puts its default in the place of any other without a word: the rows are made before the first member needs them.
 * Which campaign and which lead a member joins is fixed when it is made, and refused in any later write.
 */
import type { Failure } from './call-outcome.js';
import type { CallOptions, ObjectTarget, Outcome, OutgoingRecord, SendResult } from './connector.js';
import type { SalesforceApi } from './salesforce-api.js';
import { errorsIn } from './salesforce-errors.js';

/** Statuses seen so long ago are looked at again: somebody may have taken one away. */
const KNOWN_MS = 10 * 60 * 1000;
const FIXED = ['CampaignId', 'LeadId', 'ContactId'];
const ID = /^[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?$/;
/** A campaign takes 50 statuses. */
const SORT_ORDERS = Array.from({ length: 50 }, (_, n) => n + 1);

export const isMember = (target: ObjectTarget): boolean => target.object === 'CampaignMember';

interface Status {
  readonly label: string;
  readonly sortOrder: number;
}

export class MemberStatuses {
  private readonly known = new Map<string, { readonly labels: Set<string>; readonly atMs: number }>();

  constructor(
    private readonly api: SalesforceApi,
    /** The statuses that count as a response. */
    private readonly responded: ReadonlySet<string>,
  ) {}

  /** Why they could not be made sure of; null where every status stands, or its own record will say what is wrong. */
  async ensure(records: readonly OutgoingRecord[], options: CallOptions): Promise<Failure | null> {
    const wanted = new Map<string, Set<string>>();
    for (const { fields } of records) {
      const { CampaignId: campaign, Status: label } = fields;
      if (typeof campaign !== 'string' || typeof label !== 'string' || !ID.test(campaign)) continue;
      if (this.isKnown(campaign, label)) continue;
      wanted.set(campaign, (wanted.get(campaign) ?? new Set()).add(label));
    }
    if (wanted.size === 0) return null;
    const { standing, failure } = await this.read([...wanted.keys()], options);
    return failure ?? this.create(wanted, standing, options);
  }

  private isKnown(campaign: string, label: string): boolean {
    const known = this.known.get(campaign);
    return known !== undefined && known.labels.has(label) && this.api.nowMs() - known.atMs < KNOWN_MS;
  }

  private async read(campaigns: readonly string[], options: CallOptions) {
    const list = campaigns.map((id) => `'${id}'`).join(',');
    const soql = `SELECT Id,CampaignId,Label,SortOrder FROM CampaignMemberStatus WHERE CampaignId IN (${list})`;
    const { body, failure } = await this.api.read(
      'GET',
      `query?q=${encodeURIComponent(soql)}`,
      null,
      options,
    );
    const rows = (body as { records?: unknown } | null)?.records;
    const standing = new Map<string, Status[]>();
    for (const row of Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []) {
      const { CampaignId: campaign, Label: label, SortOrder: order } = row;
      if (typeof campaign !== 'string' || typeof label !== 'string') continue;
      const status = { label, sortOrder: Number(order) };
      standing.set(campaign, [...(standing.get(campaign) ?? []), status]);
    }
    return { standing, failure };
  }

  private async create(
    wanted: ReadonlyMap<string, ReadonlySet<string>>,
    standing: ReadonlyMap<string, Status[]>,
    options: CallOptions,
  ): Promise<Failure | null> {
    const rows = [...wanted].flatMap(([campaign, labels]) => {
      const there = standing.get(campaign) ?? [];
      const free = SORT_ORDERS.filter((order) => !there.some(({ sortOrder }) => sortOrder === order));
      const missing = [...labels].filter((label) => !there.some((status) => status.label === label));
      return missing.map((label, n) => ({
        CampaignId: campaign,
        Label: label,
        SortOrder: free[n] ?? SORT_ORDERS.length,
        HasResponded: this.responded.has(label),
        attributes: { type: 'CampaignMemberStatus' },
      }));
    });
    const refused = new Set<string>();
    if (rows.length > 0) {
      const { body, failure } = await this.api.read(
        'POST',
        'composite/sobjects',
        { allOrNone: false, records: rows.slice(0, 200) },
        options,
      );
      if (failure) return failure;
      rows.forEach((row, index) => {
        const errors = errorsIn((body as { errors?: unknown }[] | null)?.[index]?.errors);
        // Two workers may make it at once: the second is told that it stands.
        if (errors.length > 0 && !errors[0]!.code.startsWith('DUPLICATE')) refused.add(row.CampaignId);
      });
    }
    for (const [campaign, labels] of wanted) {
      if (refused.has(campaign)) continue;
      const there = (standing.get(campaign) ?? []).map(({ label }) => label);
      this.known.set(campaign, { labels: new Set([...there, ...labels]), atMs: this.api.nowMs() });
    }
    return null;
  }
}

/**
 * Sends what is fixed only where the member may have to be made; where Salesforce says that it stands already, it is
 * sent once more without.
 */
export async function sendMembers(
  records: readonly OutgoingRecord[],
  send: (records: readonly OutgoingRecord[]) => Promise<SendResult>,
): Promise<SendResult> {
  const first = records.map((record) => (record.targetId === null ? record : withoutFixed(record)));
  const result = await send(first);
  const again = first.flatMap((record, index) =>
    isRefusedForFixed(record, result.outcomes[index]!) ? [index] : [],
  );
  if (again.length === 0) return result;
  const second = await send(again.map((index) => withoutFixed(first[index]!)));
  const outcomes = [...result.outcomes];
  again.forEach((index, place) => (outcomes[index] = second.outcomes[place]!));
  return { ...second, outcomes };
}

function withoutFixed(record: OutgoingRecord): OutgoingRecord {
  const kept = Object.entries(record.fields).filter(([field]) => !FIXED.includes(field));
  return { ...record, fields: Object.fromEntries(kept) };
}

const isRefusedForFixed = (record: OutgoingRecord, outcome: Outcome): boolean =>
  outcome.kind === 'rejected' &&
  outcome.reason.code === 'INVALID_FIELD_FOR_INSERT_UPDATE' &&
  FIXED.some((field) => Object.hasOwn(record.fields, field)) &&
  (outcome.reason.field === undefined || FIXED.includes(outcome.reason.field));
