import { fault } from './fault.mjs';

const DELIVERY = 'test/pipelines/delivery.test.ts';
const DECIDE = 'test/pipelines/decide.test.ts';
const FENCING = 'test/pipelines/fencing.test.ts';
const TAKEOVER = 'test/pipelines/takeover.test.ts';
const PARKING = 'test/pipelines/parking.test.ts';
const DAYS = 'test/pipelines/away-for-days.test.ts';
const LOST_SETTLE = 'test/pipelines/lost-settle.test.ts';
const REDELIVERY = 'test/pipelines/redelivery.test.ts';
const CLAIMS = ['test/pipelines/claimants.test.ts', 'test/pipelines/claims.test.ts'];
const PLAN = 'test/pipelines/plan.test.ts';
const MESSAGES = 'test/webhooks/messages.test.ts';
const SIGNATURE = 'test/webhooks/signature.test.ts';
const MIGRATIONS = 'src/platform/database/migrations';

/** Faults of what leaves: records lost, doubled, out of order, believed too soon. */
export const DELIVERY_FAULTS = [
  // What is decided and what is believed
  fault(
    'a version that is ignored when results are written',
    'src/pipelines/settle.ts',
    'where d.version <= excluded.version\n',
    'where d.version >= 0\n',
    FENCING,
  ),
  fault(
    'a version that is ignored when records are taken up',
    'src/pipelines/decide.ts',
    "if (previous && taken.version <= previous.version && !isDue && !isAsked) return { kind: 'ignore' };",
    '',
    DECIDE,
  ),
  fault(
    'a diff against a shadow that an open intent made unknown',
    'src/pipelines/intend.ts',
    'state = excluded.state, sent = true, shadow = null,\n',
    'state = excluded.state, sent = true,\n',
    TAKEOVER,
  ),
  fault(
    'an unknown shadow taken for an equal one',
    'src/pipelines/diff.ts',
    'if (shadow === null) return wanted;',
    'if (shadow === null) return {};',
    DECIDE,
  ),
  fault(
    'a record without consent that is sent anyway',
    'src/mapping/decide.ts',
    'if (!holds(when.run(frame))) return {',
    'if (!holds(when.run(frame)) && frame === null) return {',
    DECIDE,
  ),
  fault(
    'a change that calls the backend while its record waits',
    'src/pipelines/decide.ts',
    'if (previous && !isAsked && isBackingOff(taken, now)) return join(taken);',
    '',
    DECIDE,
  ),
  fault(
    'a withdrawn record that is forgotten instead of marked',
    'src/pipelines/decide.ts',
    "if (!previous?.sent) return settle(taken, 'suppressed', evaluation.reason);",
    "if (previous !== undefined) return settle(taken, 'suppressed', evaluation.reason);",
    DECIDE,
  ),
  // Sending, reading back and settling
  fault(
    'an intent that is not written',
    'src/pipelines/intend.ts',
    'if (cut.length === 0) return;',
    'if (cut.length >= 0) return;',
    TAKEOVER,
  ),
  fault(
    'open intents that nobody adopts',
    'src/pipelines/mapping-drains.ts',
    'adopt: (lease) => this.adopt(lease, mapping),',
    'adopt: (lease) => Promise.resolve(void lease),',
    TAKEOVER,
  ),
  fault(
    'a read-back that is always true',
    'src/pipelines/verify.ts',
    '  if (stored === null) {',
    "  if (stored === null) return { kind: 'stands', targetId: '1' };\n  if (stored === null) {",
    DELIVERY,
  ),
  fault(
    'a cursor that moves before its records are settled',
    'src/pipelines/round.ts',
    '  const done = new Settler(',
    "  await pool.query('update lanes set cursor = $2 where mapping = $1', [lease.mapping, read.cursor.toString()]);\n  const done = new Settler(",
    LOST_SETTLE,
  ),
  fault(
    'results that pass over those which the database did not take',
    'src/pipelines/settler.ts',
    'if (this.failure !== undefined) throw this.failure as Error;',
    'void this.failure;',
    LOST_SETTLE,
  ),
  fault(
    'a second look at more records than the backend reads in a call',
    'src/pipelines/round.ts',
    'const max = Math.min(CHECKS_MAX, Math.max(readBackMax, 1));',
    'const max = CHECKS_MAX + Math.min(readBackMax, 0);',
    'test/pipelines/late-looks.test.ts',
  ),
  fault(
    'a silence that counts once for every call under way',
    'src/pipelines/holds.ts',
    'if (known && known.until > now.getTime() && !known.isProbing) return;',
    '',
    'test/pipelines/holds.test.ts',
  ),
  fault(
    'a retry that drops its record',
    'src/pipelines/deliver-batch.ts',
    'const next = { ...base, ...nextTry(taken, by, outcome.afterMs) };',
    'const next = { ...base, ...nextTry(taken, by, outcome.afterMs), nextAttemptAt: null };',
    PARKING,
  ),
  fault(
    'a throttled record that counts as rejected',
    'src/pipelines/deliver-batch.ts',
    "return { ...base, state: 'retrying', tries, nextAttemptAt, reason: outcome.reason };",
    "return { ...base, state: 'rejected', reason: outcome.reason };",
    PARKING,
  ),
  fault(
    'an unanswered write that counts as written',
    'src/pipelines/deliver-batch.ts',
    'return failed(write, unanswered(next, by), by);',
    "return { ...base, state: 'verified', sent: true };",
    DELIVERY,
  ),
  fault(
    'records that are given up because their backend is away',
    'src/pipelines/next-try.ts',
    'return calls.gotThroughSince(target, new Date(now().getTime() - waitedMs));',
    'return calls !== undefined && target !== undefined && waitedMs > 0 && now() !== null;',
    DAYS,
  ),
  fault(
    'a removal that is given up',
    'src/pipelines/deliver-batch.ts',
    "return goal === 'verified' ? orGivenUp(settlement, by) : settlement;",
    'return goal ? orGivenUp(settlement, by) : settlement;',
    DAYS,
  ),
  fault(
    'a backend that is held and only tried with what always fails',
    'src/pipelines/round.ts',
    'const ready = size.isTrial && !isAppend ? fewestTriesFirst(writes) : writes;',
    'const ready = fewestTriesFirst([]).length > 0 ? [] : writes;',
    DAYS,
  ),
  fault(
    'a slow look that forgets a lane which lingers again',
    'src/changes/lookout.ts',
    'if (this.watches.get(name) === watch) this.watches.delete(name);',
    'this.watches.delete(name);',
    'test/changes/lookout.test.ts',
  ),
  fault(
    'errors of single records in a 207 that are ignored',
    'src/connectors/hubspot-upsert.ts',
    'const errors = given.filter(isError);',
    'const errors = given.filter(isError).slice(given.length);',
    'test/connectors/hubspot.test.ts',
  ),
  fault(
    'a result that cannot be read, beside which another is taken for its record',
    'src/connectors/hubspot-upsert.ts',
    'const isRead = results.length === batch.results.length && errors.length === given.length;',
    'const isRead = true as boolean;',
    'test/connectors/hubspot.test.ts',
  ),
  // Webhooks
  fault(
    'messages that overtake a failing one of the same person',
    'src/webhooks/messages.ts',
    'select distinct on (person_id) * from messages',
    'select * from messages',
    MESSAGES,
  ),
  fault(
    'a pause that a busy lane does not notice',
    'src/webhooks/messages.ts',
    'and epoch = $3 and not paused for update',
    'and epoch = $3 for update',
    MESSAGES,
  ),
  fault(
    'a message with a new id at each attempt',
    'src/webhooks/send-message.ts',
    "_${message.seq.replace('-', 't')}`;",
    "_${message.seq.replace('-', 't')}${Math.random().toString(36).slice(2)}`;",
    MESSAGES,
  ),
  fault(
    'an erasure that leaves the old snapshots in the log',
    `${MIGRATIONS}/0018-erase-person.sql.ts`,
    "where c.key = s.key and c.stream = 'person';",
    "where c.key = s.key and c.stream = 'person' and c.version = s.version;",
    'test/registrations/erasure.test.ts',
  ),
  fault(
    'minutes that count two devices twice',
    `${MIGRATIONS}/0009-attendance.sql.ts`,
    'coalesce((select sum(extract(epoch from upper(span) - lower(span))) from unnest(d.spans) span), 0)',
    '(select coalesce(sum(extract(epoch from upper(x.span) - lower(x.span))), 0) from spell x where x.registration_id = s.registration_id and (s.session_id is null or x.session_id = s.session_id))',
    'test/activity/attendance.test.ts',
  ),
  fault(
    'a signal that is kept though nobody looks for it again',
    `${MIGRATIONS}/0009-activity-changes.sql.ts`,
    'and w.registration_id is null) then',
    'and w.registration_id is null and false) then',
    'test/activity/attendance.test.ts',
  ),
  fault(
    'a sequence with a gap',
    'src/webhooks/messages.ts',
    'update set last = s.last + excluded.last\n',
    'update set last = s.last + excluded.last + 1\n',
    MESSAGES,
  ),
  fault(
    'an endpoint that is gone and asked again',
    'src/webhooks/webhook-drains.ts',
    'if (results.some((result) => result.status === 410))',
    'if (results.length < 0)',
    MESSAGES,
  ),
  fault(
    'a signature over other bytes than those sent',
    'src/webhooks/signature.ts',
    'Buffer.from(`${id}.${timestamp}.${body}`)',
    'Buffer.from(`${id}.${body}`)',
    SIGNATURE,
  ),

  // Who speaks for an object
  fault(
    'a claim that passes while both live',
    'src/pipelines/claimants.ts',
    'if (!asking.isOver && !holder.isOver) return false;',
    '',
    CLAIMS,
  ),
  fault(
    'a cancellation that takes effect late and is looked for by nobody',
    'src/pipelines/claims.ts',
    'shadow: null, targetId, recheckAt };',
    'shadow: null, targetId, recheckAt: recheckAt && null };',
    CLAIMS,
  ),
  fault(
    'a place that is removed though it was taken again',
    'src/pipelines/sort-round.ts',
    'writes: claimed.writes.filter((write) => isOwn(write.taken)),',
    'writes: claimed.writes,',
    CLAIMS,
  ),
  fault(
    'a claim that passes while a call of another lane may still go out',
    'src/pipelines/claims.ts',
    'mayPass(meeting) && !meeting.isBusy',
    'mayPass(meeting)',
    CLAIMS,
  ),

  // Plan and apply
  fault(
    'a batch in flight whose records stay on the version before',
    'src/pipelines/settle.ts',
    'where lane.in_force <> $8',
    'where lane.in_force <> $8 and false',
    REDELIVERY,
  ),
  fault(
    'records that changed since the plan and stay on the version before',
    'src/pipelines/redeliveries.ts',
    'where c.stream = $2 and c.seq > $3 group by c.key',
    'where c.stream = $2 and c.seq > $3 and false group by c.key',
    PLAN,
  ),
  fault(
    'a plan that is applied past the limits',
    'src/pipelines/apply-plan.ts',
    'if (!force && plan.undoes === null) demandWithinLimits(plan);',
    'void force, demandWithinLimits;',
    PLAN,
  ),
];
