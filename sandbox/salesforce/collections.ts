import { type Answer, type Call, type Note, textOf } from '../call.js';
import type { Row } from '../store/table.js';
import { whyStatusStays } from './campaign-rules.js';
import { type CollectionBody, readCollection } from './collection-body.js';
import { type Fault, Unreadable, json } from './errors.js';
import { type FieldValues, readFields } from './field-values.js';
import type { Org } from './org.js';
import { type Saved, isSaved, keyOf, note, resultOf, save } from './save.js';
import type { SObject } from './sobject.js';

const ROLLED_BACK: Fault = {
  code: 'ALL_OR_NONE_OPERATION_ROLLED_BACK',
  message: 'Record rolled back because not all records were valid and the request was using AllOrNone header',
  fields: [],
};

interface Item {
  sobject: SObject;
  key: string | null;
  given: unknown;
  write: () => Saved | Fault[];
}

/** POST composite/sobjects */
export function createCollection(org: Org, call: Call): Answer {
  const body = readCollection(org, call);
  const items = body.records.map(({ sobject, given }): Item => {
    const values = readFields(org, sobject, given);
    const key = keyOf(sobject, given);
    return { sobject, key, given, write: () => save({ org, sobject, values, call, key }, undefined) };
  });
  return writeAll(org, call, items, body.isAllOrNone, false);
}

/** PATCH composite/sobjects: every record names itself by its id. */
export function updateCollection(org: Org, call: Call): Answer {
  const body = readCollection(org, call);
  const items = body.records.map(({ sobject, given }): Item => {
    const id = textOf(given.Id ?? given.id);
    const values = readFields(org, sobject, given, ['Id', 'id']);
    const write = () => {
      const row = org.find(sobject, id);
      const fault = row === undefined || row.isGone ? missing(sobject, id, row) : undefined;
      return fault === undefined ? save({ org, sobject, values, call, key: null }, row) : [fault];
    };
    return { sobject, key: org.find(sobject, id)?.key ?? id, given, write };
  });
  return writeAll(org, call, items, body.isAllOrNone, false);
}

/** PATCH composite/sobjects/{S}/{Field}: results in the order of the records. */
export function upsertCollection(org: Org, call: Call, sobject: SObject, keyName: string): Answer {
  const body = readCollection(org, call);
  const keyField = sobject.byLowerCase.get(keyName.toLowerCase());
  if (keyField?.isIdLookup !== true) {
    const message = `Provided external ID field does not exist or is not accessible: ${keyName}`;
    throw new Unreadable('NOT_FOUND', message);
  }
  refuseOtherTypes(body, sobject);
  const seen = new Set<string>();
  const items = body.records.map(({ given }): Item => {
    if (keyField.name === 'Id') return upsertById(org, call, sobject, given);
    if (given.Id !== undefined || given.id !== undefined)
      throw new Unreadable('INVALID_FIELD', 'The Id field should not be specified in the sobject data.');
    const values = readFields(org, sobject, given);
    const stored = values.fields[keyField.name] ?? null;
    const key = stored === null ? null : textOf(given[keyField.name] ?? stored);
    const write = (): Saved | Fault[] => {
      if (values.faults.length > 0) return values.faults;
      if (stored === null)
        return [{ code: 'MISSING_ARGUMENT', message: `${keyField.name} not specified`, fields: [] }];
      const entry = String(stored).toLowerCase();
      if (seen.has(entry)) return [duplicateInCall(String(stored))];
      seen.add(entry);
      return saveByKey(
        { org, call, sobject, values, key },
        keyField.name,
        org.table(sobject).find(keyField.name, stored),
      );
    };
    return { sobject, key, given, write };
  });
  return writeAll(org, call, items, body.isAllOrNone, true);
}

/** DELETE composite/sobjects?ids=…&allOrNone=… */
export function deleteCollection(org: Org, call: Call): Answer {
  const ids = (call.query.get('ids') ?? '').split(',').filter((id) => id !== '');
  if (ids.length > 200)
    throw new Unreadable('LIMIT_EXCEEDED', 'cannot delete more than 200 records in one call');
  const items = ids.map((id): Item => {
    const sobject = org.sobjectOfId(id) ?? org.sobjects[0]!;
    const write = (): Saved | Fault[] => {
      const row = org.find(sobject, id);
      if (row === undefined || row.isGone) return [missing(sobject, id, row)];
      const stays = whyStatusStays(org, sobject, row);
      if (stays !== undefined) return [stays];
      if (call.lie() !== undefined) return { id: row.id, isNew: false, outcome: 'lied' };
      org.remove(sobject, row, call.at);
      return { id: row.id, isNew: false, outcome: 'updated' };
    };
    return { sobject, key: org.find(sobject, id)?.key ?? id, given: { Id: id, deleted: true }, write };
  });
  return writeAll(org, call, items, call.query.get('allOrNone') === 'true', false);
}

interface KeyedSave {
  org: Org;
  call: Call;
  sobject: SObject;
  values: FieldValues;
  key: string | null;
}

/** Saves to the one row that has the key, or to a new one; several are an error. */
export function saveByKey(keyed: KeyedSave, keyName: string, rows: readonly Row[]): Saved | Fault[] {
  if (rows.length <= 1) return save(keyed, rows[0]);
  const ids = rows.map(({ id }) => id).join(', ');
  const message = `${keyName}: more than one record found for external id field: [${ids}]`;
  return [{ code: 'DUPLICATE_EXTERNAL_ID', message, fields: [] }];
}

function upsertById(org: Org, call: Call, sobject: SObject, given: Record<string, unknown>): Item {
  const id = textOf(given.Id ?? given.id);
  const values = readFields(org, sobject, given, ['Id', 'id']);
  const key = id === '' ? keyOf(sobject, given) : id;
  const write = (): Saved | Fault[] => {
    if (id === '') return save({ org, sobject, values, call, key }, undefined);
    const row = org.find(sobject, id);
    if (row === undefined || row.isGone) return [missing(sobject, id, row)];
    return save({ org, sobject, values, call, key: null }, row);
  };
  return { sobject, key, given, write };
}

/** Writes one after the other; with allOrNone one failure takes all of them back. */
function writeAll(
  org: Org,
  call: Call,
  items: readonly Item[],
  isAllOrNone: boolean,
  isUpsert: boolean,
): Answer {
  let results: (Saved | Fault[])[] = [];
  const write = () => {
    results = items.map((item) => item.write());
    return !isAllOrNone || results.every(isSaved);
  };
  if (isAllOrNone) org.store.transaction(write);
  else write();
  if (isAllOrNone && !results.every(isSaved))
    results = results.map((each) => (isSaved(each) ? [ROLLED_BACK] : each));
  const answers = results.map((result) => resultOf(result, isUpsert));
  items.forEach(({ sobject, key, given }, index) =>
    note(call, sobject, key, given, answers[index], results[index]!),
  );
  return json(200, answers);
}

function refuseOtherTypes(body: CollectionBody, sobject: SObject): void {
  const other = body.records.find((record) => record.sobject !== sobject);
  if (other === undefined) return;
  const message = `The record type ${other.sobject.name} does not match the type ${sobject.name} of the address`;
  throw new Unreadable('INVALID_INPUT', message);
}

function missing(sobject: SObject, id: string, row: Row | undefined): Fault {
  if (row?.isGone === true) return { code: 'ENTITY_IS_DELETED', message: 'entity is deleted', fields: [] };
  if (!/^[0-9a-zA-Z]{15}(?:[0-9a-zA-Z]{3})?$/.test(id) || !id.startsWith(sobject.keyPrefix)) {
    const message = `${sobject.fields.get('Id')!.label}: id value of incorrect type: ${id}`;
    return { code: 'MALFORMED_ID', message, fields: ['Id'] };
  }
  return { code: 'INVALID_CROSS_REFERENCE_KEY', message: 'invalid cross reference id', fields: [] };
}

function duplicateInCall(value: string): Fault {
  return { code: 'DUPLICATE_VALUE', message: `Duplicate external id specified: ${value}`, fields: [] };
}

/** The notes of a call that a composite request took back. */
export function takenBack(notes: readonly Note[]): Note[] {
  return notes.map((each) =>
    each.outcome === 'rejected' ? each : { ...each, id: null, outcome: 'rejected' },
  );
}
