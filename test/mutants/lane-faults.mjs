import { fault } from './fault.mjs';

const FENCING = 'test/pipelines/fencing.test.ts';
const TAKEOVER = 'test/pipelines/takeover.test.ts';
const PACED = 'test/pipelines/paced.test.ts';
const PARKING = 'test/pipelines/parking.test.ts';
const LEASE = 'test/changes/lease.test.ts';
const LOOKOUT = 'test/changes/lookout.test.ts';

/** Faults of the lanes, their leases and their cursors, and of what looks after them. */
export const LANE_FAULTS = [
  fault(
    'a settle that no epoch fences',
    'src/pipelines/settle.ts',
    'where mapping = $1 and lane = $2 and epoch = $3 returning coalesce(mapping_version, $8) as in_force',
    'where mapping = $1 and lane = $2 and $3::bigint > 0 returning coalesce(mapping_version, $8) as in_force',
    FENCING,
  ),
  fault(
    'an intent that no epoch fences',
    'src/pipelines/intend.ts',
    'where mapping = $1 and lane = $2 and epoch = $3 and not paused for share',
    'where mapping = $1 and lane = $2 and $3::bigint > 0 for share',
    FENCING,
  ),
  fault(
    'a worker that was stopped sends what it had in hand, whoever has its lane now',
    'src/pipelines/calls.ts',
    '      isPaid = false;\n      mayCall();',
    '      isPaid = false;',
    FENCING,
  ),
  fault(
    'a look that a newer version takes the place of, though nothing of it had to be written',
    'src/pipelines/decide.ts',
    'const nextAttemptAt = taken.previous?.recheckAt ?? null;',
    'const nextAttemptAt = null;',
    TAKEOVER,
  ),
  fault(
    'a cursor that passes over what was left for the next round',
    'src/pipelines/round.ts',
    'await done.finish(cursorBefore(left, read), answered);',
    'await done.finish(read.cursor, answered);',
    PACED,
  ),
  fault(
    'calls of a round that failed, which leave after its lane was handed back',
    'src/changes/lease.ts',
    '  lease.validUntilMs = GIVEN_BACK;\n',
    '',
    LEASE,
  ),
  fault(
    'a rush that goes on for the lookout until the next change',
    'src/changes/lookout.ts',
    'if (now - atMs < SAMPLE_MS) return;',
    'if (now - atMs < SAMPLE_MS || seqs.every((seq) => seq <= before)) return;',
    LOOKOUT,
  ),
  fault(
    'a rush that nobody notices',
    'src/changes/lookout.ts',
    'Math.min(Math.max(share, 0), 1);',
    'Math.min(Math.max(share, 0), 0);',
    LOOKOUT,
  ),
  fault(
    'a lane that is taken from its holder',
    'src/changes/lease.ts',
    '              and (owner is null or until < clock_timestamp())\n',
    '',
    LEASE,
  ),
  fault(
    'a lost wake-up: a lane given back over an unread change',
    'src/changes/lease.ts',
    `              and not exists (select 1 from changes
                               where stream = any (string_to_array($4, '+')) and seq > lanes.cursor
                                 and slot % lanes.lanes = lanes.lane)`,
    '              and $4::text is not null',
    LEASE,
  ),
  fault(
    'no sweep: a bell that was lost stays lost',
    'src/pipelines/wake.ts',
    'for (const lane of rows) void this.drains.drain(lane);',
    'void rows;',
    PARKING,
  ),
  fault(
    'a write that begins though its mapping was paused',
    'src/pipelines/intend.ts',
    'and epoch = $3 and not paused for share',
    'and epoch = $3 for share',
    FENCING,
  ),
];
