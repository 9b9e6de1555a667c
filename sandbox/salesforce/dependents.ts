import type { Row } from '../store/table.js';
import type { Store } from '../store/store.js';
import type { SObject } from './sobject.js';

/** What goes when a record goes: a person's and a campaign's memberships, and the campaign's own statuses. */
export function dependentsOf({ store }: { store: Store }, { name }: SObject, { id }: Row): [string, Row[]][] {
  const members = store.table('CampaignMember');
  if (name === 'Lead' || name === 'Contact') return [['CampaignMember', [...members.find(`${name}Id`, id)]]];
  if (name !== 'Campaign') return [];
  return [
    ['CampaignMember', members.rows.filter((row) => !row.isGone && row.fields.CampaignId === id)],
    ['CampaignMemberStatus', [...store.table('CampaignMemberStatus').find('CampaignId', id)]],
  ];
}
