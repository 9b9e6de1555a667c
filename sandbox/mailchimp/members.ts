import { type Answer, type Call, isObject, textOf } from '../call.js';
import { distorted } from '../faults/distort.js';
import type { Store } from '../store/store.js';
import { type Fields, type Row, type Table, unkept } from '../store/table.js';
import { BY_ADMIN, hashOf, isCompliance, STATUSES } from './member.js';
import { type FieldFault, readMergeFields } from './merge-fields.js';
import { invalid, problem } from './problems.js';
import type { MailchimpSettings } from './settings.js';

const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const COMPLIANCE =
  'is already in a compliance state due to unsubscribe, bounce or compliance review and cannot be subscribed.';

/** Why a record was not taken: for a call of its own, and for one line of a batch. */
export interface Unfit {
  answer: Answer;
  error: string;
  fault?: FieldFault;
}

export interface Stored {
  row: Row;
  isNew: boolean;
}

/** The members of the one list: how they are found, judged and stored. */
export class Members {
  constructor(
    private readonly store: Store,
    readonly settings: MailchimpSettings,
  ) {
    store.table('members');
    store.table('events');
  }

  get table(): Table {
    return this.store.table('members');
  }

  /** By the hash, or by the address itself, which Mailchimp takes as well. */
  find(named: string): Row | undefined {
    const row = this.table.get(named.includes('@') ? hashOf(named) : named.toLowerCase());
    return row?.isGone === false ? row : undefined;
  }

  /** Judges and stores one record; `row` is the one it changes. */
  put(call: Call, row: Row | undefined, given: Record<string, unknown>): Stored | Unfit {
    const address = textOf(given.email_address ?? row?.fields.email_address);
    // Who was archived comes back as if new.
    const isNew = row === undefined || row.fields.status === 'archived';
    const status = given.status ?? (isNew ? given.status_if_new : undefined);
    const unfit = this.unfit(row, address, status, isNew, given.merge_fields);
    if (unfit !== undefined) return this.refuse(call, address, given, unfit);
    const merged = readMergeFields(
      this.settings.mergeFields,
      isObject(given.merge_fields) ? given.merge_fields : {},
    );
    if ('faults' in merged) {
      const detail = 'Your merge fields were invalid.';
      const answer = problem(400, 'Invalid Resource', detail, merged.faults);
      return this.refuse(call, address, given, { answer, error: detail, fault: merged.faults[0]! });
    }
    const fields: Fields = { email_address: address, ...merged.fields, ...plain(given) };
    if (status !== undefined) fields.status = textOf(status);
    if (status === 'unsubscribed') fields.unsubscribe_reason = BY_ADMIN;
    return this.keep(call, row, address, fields, isNew, given);
  }

  /** Takes a member off the list; permanently: the address cannot be imported again. */
  remove(call: Call, row: Row, isPermanent: boolean): void {
    const isLie = call.lie() !== undefined;
    if (!isLie) {
      const status = isPermanent ? 'forgotten' : 'archived';
      this.store.update(this.table, row, row.key, { ...row.fields, status }, call.at);
      if (isPermanent) this.store.remove(this.table, row, call.at);
    }
    const outcome = isLie ? 'lied' : 'updated';
    const request = { archived: !isPermanent };
    call.notes.push({ object: 'members', key: row.key, id: row.id, outcome, request, response: null });
  }

  private keep(
    call: Call,
    row: Row | undefined,
    address: string,
    fields: Fields,
    isNew: boolean,
    request: unknown,
  ): Stored {
    const lie = call.lie();
    const kept = { ...row?.fields, ...distorted(fields, lie, ['email_address', 'status']) };
    const id = hashOf(address);
    let stored = row;
    if (lie === 'lost') stored ??= unkept(id, kept, call.at);
    else if (row?.id === id) this.store.update(this.table, row, address, kept, call.at);
    else {
      // Another address is another hash: the member moves.
      if (row !== undefined) this.store.remove(this.table, row, call.at);
      stored = this.store.insert(this.table, id, address, kept, call.at);
    }
    const outcome = lie !== undefined ? 'lied' : isNew ? 'created' : 'updated';
    const response = { id, status: kept.status ?? null };
    call.notes.push({ object: 'members', key: address, id, outcome, request, response });
    return { row: stored!, isNew };
  }

  private unfit(
    row: Row | undefined,
    address: string,
    status: unknown,
    isNew: boolean,
    merge: unknown,
  ): Unfit | undefined {
    if (!ADDRESS.test(address)) return plainly('Invalid Resource', 'Please provide a valid email address.');
    const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
    if (this.settings.fakeDomains.includes(domain))
      return plainly(
        'Invalid Resource',
        `${address} looks fake or invalid, please enter a real email address.`,
      );
    const other = this.table.get(hashOf(address));
    if (other?.isGone === true && other.fields.status === 'forgotten')
      return plainly(
        'Forgotten Email Not Subscribed',
        `${address} was permanently deleted and cannot be re-imported. The contact must re-subscribe to get back on the list.`,
      );
    if (row !== undefined && other?.isGone === false && other !== row)
      return byField('email_address', `A contact with the address ${address} already exists.`);
    if (isNew && status === undefined) return byField('status_if_new', 'This value should not be blank.');
    if (status !== undefined && !STATUSES.includes(textOf(status)))
      return byField('status', `Data did not match any of the schemas: ${STATUSES.join(', ')}.`);
    if (merge !== undefined && !isObject(merge))
      return byField('merge_fields', 'Schema describes object, array found instead');
    if (row !== undefined && isCompliance(row) && (status === 'subscribed' || status === 'pending'))
      return plainly('Member In Compliance State', `${address} ${COMPLIANCE}`);
    return undefined;
  }

  private refuse(call: Call, key: string, request: unknown, unfit: Unfit): Unfit {
    const response = JSON.parse(unfit.answer.body) as unknown;
    call.notes.push({ object: 'members', key, id: null, outcome: 'rejected', request, response });
    return unfit;
  }
}

function plainly(title: string, error: string): Unfit {
  return { answer: problem(400, title, error), error };
}

function byField(field: string, message: string): Unfit {
  const fault = { field, message };
  const answer = invalid([fault]);
  return { answer, error: (JSON.parse(answer.body) as { detail: string }).detail, fault };
}

/** Fields of a member that are neither address, status nor merge fields. */
function plain({ email_type, language, vip }: Record<string, unknown>): Fields {
  return {
    ...(typeof email_type === 'string' ? { email_type } : {}),
    ...(typeof language === 'string' ? { language } : {}),
    ...(typeof vip === 'boolean' ? { vip } : {}),
  };
}
