import { type Answer, type Call, isObject } from '../call.js';
import { type Key, readAddress, readKey } from './address.js';
import { badPayload, json, nothing, Refused } from './errors.js';
import type { EntitySet, Organisation } from './organisation.js';
import { bodyOf, type Writes } from './write.js';

export const MULTIPLE = /^Microsoft\.Dynamics\.CRM\.(Create|Update|Upsert)Multiple$/;

/** CreateMultiple, UpdateMultiple, UpsertMultiple: of a standard table, one wrong record undoes all. */
export function writeMultiple(
  call: Call,
  organisation: Organisation,
  writes: Writes,
  set: EntitySet,
  verb: string,
): Answer {
  const { Targets: targets } = bodyOf(call, set);
  if (!Array.isArray(targets) || !targets.every(isObject) || targets.length === 0)
    throw badPayload(set.definition.set, "The parameter 'Targets' must be a collection of records.");
  const before = call.notes.length;
  const ids: string[] = [];
  let refused: Refused | undefined;
  organisation.store.transaction(() => {
    try {
      for (const target of targets) ids.push(one(call, organisation, writes, set, verb, target));
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refused = error;
      return false;
    }
  });
  if (refused !== undefined) {
    call.notes.splice(before);
    throw refused;
  }
  if (verb !== 'Create') return nothing(204);
  return json(200, { '@odata.context': '#Microsoft.Dynamics.CRM.CreateMultipleResponse', Ids: ids });
}

function one(
  call: Call,
  organisation: Organisation,
  writes: Writes,
  set: EntitySet,
  verb: string,
  target: Record<string, unknown>,
): string {
  const { definition } = set;
  if (target['@odata.type'] !== `Microsoft.Dynamics.CRM.${definition.name}`)
    throw badPayload(
      definition.set,
      `A record of 'Targets' must name its type: Microsoft.Dynamics.CRM.${definition.name}.`,
    );
  const key = verb === 'Create' ? undefined : keyOf(set, target);
  if (verb === 'Update' && (key === undefined || organisation.find(set, key) === undefined))
    throw organisation.missing(set, key ?? { id: 'none' });
  return writes.put(call, set, key, target).row.id;
}

/** By `@odata.id`, or by the primary key in the record; neither: a new one. */
function keyOf({ definition }: EntitySet, target: Record<string, unknown>): Key | undefined {
  const named = target['@odata.id'];
  if (typeof named === 'string') {
    const { inner } = readAddress(named.replace(/^.*\/(?=\w+\()/, ''));
    if (inner !== undefined) return readKey(inner, definition.id);
  }
  const id = target[definition.id];
  return typeof id === 'string' ? { id: id.toLowerCase() } : undefined;
}
