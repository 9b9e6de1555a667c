import type { Fields, Row, Value } from '../store/table.js';
import { bornStatuses } from './campaign-statuses.js';
import type { Fault } from './errors.js';
import type { Org } from './org.js';
import type { SObject } from './sobject.js';

/**
 * What Salesforce does by itself around campaigns: a campaign is born with two statuses, a person is a member once,
 * and a status that the campaign does not know is quietly replaced by its default (on create) or ignored (on update).
 */
export function campaignFaults(org: Org, { name }: SObject, fields: Fields, row: Row | undefined): Fault[] {
  if (name === 'CampaignMember' && row === undefined) return memberFaults(org, fields);
  if (name === 'CampaignMemberStatus') return statusFaults(org, fields, row);
  return [];
}

/** The fields as they are stored, for the two objects that have rules. */
export function withCampaignRules(
  org: Org,
  { name }: SObject,
  fields: Fields,
  row: Row | undefined,
  at: number,
): Fields {
  return name === 'CampaignMember' ? memberFields(org, fields, row, at) : fields;
}

/** What follows a write: the statuses of a new campaign, and one default among them. */
export function afterCampaignWrite(org: Org, { name }: SObject, row: Row, isNew: boolean, at: number): void {
  if (name === 'Campaign' && isNew) bornStatuses(org, row.id, at);
  if (name === 'CampaignMemberStatus' && row.fields.IsDefault === true)
    for (const other of statusesOf(org, row.fields.CampaignId!))
      if (other !== row && other.fields.IsDefault === true)
        org.store.amend(statusTable(org), other, { ...other.fields, IsDefault: false }, at);
}

function memberFaults(org: Org, fields: Fields): Fault[] {
  const { CampaignId, ContactId = null, LeadId = null } = fields;
  const [name, person] = ContactId === null ? ['LeadId', LeadId] : ['ContactId', ContactId];
  if (person === null) {
    const message = 'Required fields are missing: [LeadId, ContactId]';
    return [{ code: 'REQUIRED_FIELD_MISSING', message, fields: ['LeadId', 'ContactId'] }];
  }
  const isThere = org.store
    .table('CampaignMember')
    .find(name, person)
    .some((row) => row.fields.CampaignId === CampaignId);
  if (!isThere) return [];
  return [{ code: 'DUPLICATE_VALUE', message: 'Already a campaign member.', fields: [] }];
}

function memberFields(org: Org, given: Fields, row: Row | undefined, at: number): Fields {
  const fields = { ...given };
  if (typeof fields.ContactId === 'string') delete fields.LeadId;
  const statuses = statusesOf(org, row?.fields.CampaignId ?? fields.CampaignId!);
  const wanted = typeof fields.Status === 'string' ? fields.Status.toLowerCase() : undefined;
  let status = statuses.find((each) => String(each.fields.Label).toLowerCase() === wanted);
  if (status === undefined && row !== undefined) {
    delete fields.Status;
    return fields;
  }
  status ??= statuses.find((each) => each.fields.IsDefault === true) ?? statuses[0];
  const hasResponded = status?.fields.HasResponded === true;
  const first = row?.fields.FirstRespondedDate ?? null;
  return {
    ...fields,
    Status: status?.fields.Label ?? null,
    HasResponded: hasResponded,
    FirstRespondedDate: first ?? (hasResponded ? new Date(at).toISOString().slice(0, 10) : null),
  };
}

function statusFaults(org: Org, fields: Fields, row: Row | undefined): Fault[] {
  const campaignId = row?.fields.CampaignId ?? fields.CampaignId;
  const label = fields.Label;
  if (typeof label !== 'string' || campaignId === undefined || campaignId === null) return [];
  const holder = statusesOf(org, campaignId).find(
    (each) => each !== row && String(each.fields.Label).toLowerCase() === label.toLowerCase(),
  );
  if (holder === undefined) return [];
  const message = `duplicate value found: Label duplicates value on record with id: ${holder.id}`;
  return [{ code: 'DUPLICATE_VALUE', message, fields: ['Label'] }];
}

/** A status that is the default, or that a member has, stays. */
export function whyStatusStays(org: Org, { name }: SObject, row: Row): Fault | undefined {
  if (name !== 'CampaignMemberStatus') return undefined;
  const { CampaignId, Label, IsDefault } = row.fields;
  const isUsed = org.store
    .table('CampaignMember')
    .rows.some(
      ({ isGone, fields }) => !isGone && fields.CampaignId === CampaignId && fields.Status === Label,
    );
  if (IsDefault !== true && !isUsed) return undefined;
  const message = 'The default status, and one that members have, cannot be deleted.';
  return { code: 'DELETE_FAILED', message, fields: [] };
}

function statusTable(org: Org) {
  return org.store.table('CampaignMemberStatus');
}

function statusesOf(org: Org, campaignId: Value): Row[] {
  return [...statusTable(org).find('CampaignId', campaignId)].sort(
    (left, right) => Number(left.fields.SortOrder) - Number(right.fields.SortOrder),
  );
}
