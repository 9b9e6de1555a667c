import type { Store } from '../store/store.js';
import { recordId } from './record-id.js';

/** Every campaign is born with these two. */
export function bornStatuses({ store }: { store: Store }, campaignId: string, at: number): void {
  const born = (label: string, sortOrder: number, isDefault: boolean) => {
    store.counter += 1;
    const fields = {
      CampaignId: campaignId,
      Label: label,
      SortOrder: sortOrder,
      IsDefault: isDefault,
      HasResponded: !isDefault,
    };
    store.insert(store.table('CampaignMemberStatus'), recordId('01Y', store.counter), null, fields, at);
  };
  born('Sent', 1, true);
  born('Responded', 2, false);
}
