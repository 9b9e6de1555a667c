/** Faults of the lobby: too many let in, out of turn, or by what is no right to come in. */
const LINE = 'test/lobby/line.test.ts';
const LOBBY = 'test/lobby/lobby.test.ts';
const BAD_INPUT = 'test/lobby/bad-input.test.ts';
const TOKEN = 'test/lobby/token.test.ts';
const REPLICAS = 'test/lobby/two-replicas.test.ts';
const MIGRATIONS = 'src/platform/database/migrations';
const PROOF = `${MIGRATIONS}/0026-lobby-proof.sql.ts`;
const LOOK = `${MIGRATIONS}/0035-lobby-look.ts`;
const RELEASE = `${MIGRATIONS}/0015-lobby-release.sql.ts`;
const WITH_PASSES = `${MIGRATIONS}/0015-register-with-passes.sql.ts`;
const SERVICE = 'src/lobby/lobby.service.ts';

/** Name, file, old text, new text, the test that has to fail. */
export const LOBBY_FAULTS = [
  [
    'a lobby that releases what its releaser believes is free',
    PROOF,
    'v_take := least(p_release, v_room.max_active - v_spent.active, v_room.max_per_minute - v_spent.released);',
    'v_take := p_release;',
    LINE,
  ],
  [
    'a lobby whose slot is free while its lease is being made longer',
    LOOK,
    'c.event_id = p_event and c.ended_at is null) + t.booked',
    'c.event_id = p_event and c.ended_at is null and c.until > p_now) + t.booked',
    LINE,
  ],
  [
    'a lobby that gives two slots to who checks in while being called',
    PROOF,
    "and (c.ended_at is null or c.ending = 'registered');",
    "and c.ending = 'never';",
    LINE,
  ],
  [
    'a lobby where an earlier releaser still releases',
    PROOF,
    'where r.epoch = p_epoch)',
    'where r.epoch >= p_epoch)',
    LINE,
  ],
  [
    'a lobby that calls the last one first',
    PROOF,
    'order by number limit v_take',
    'order by number desc limit v_take',
    LINE,
  ],
  [
    'a lobby whose slice is given back twice',
    RELEASE,
    'where s.id = g.id and s.returned_at is null',
    'where s.id = g.id',
    LINE,
  ],
  [
    'a lobby that lets people past those who wait',
    RELEASE,
    'or v_line.called < v_line.issued or exists (select from lobby_present where event_id = p_event) then',
    'then',
    LINE,
  ],
  [
    'a lobby whose pass is not spent',
    WITH_PASSES,
    "d.outcome in ('confirmed', 'waitlisted')",
    "d.outcome in ('waitlisted')",
    LOBBY,
  ],
  [
    'a lobby whose pass is spent by what is refused',
    WITH_PASSES,
    "where d.n = i.n and d.outcome in ('confirmed', 'waitlisted')\n",
    "where d.n = i.n and d.outcome <> 'repeated'\n",
    LOBBY,
  ],
  [
    'a lobby that takes the ticket of another room',
    SERVICE,
    'claims?.room === room.room &&',
    'claims != null &&',
    BAD_INPUT,
  ],
  ['a lobby that takes a ticket of the future', SERVICE, 'claims.atMs <= now + FUTURE_MS &&', '', BAD_INPUT],
  [
    'a lobby that takes a ticket for a pass',
    'src/lobby/token.ts',
    'if (TOKEN[0] !== KINDS[kind]) return null;',
    '',
    TOKEN,
  ],
  [
    'a lobby whose round begins at the first room for ever',
    'src/lobby/releaser.ts',
    'const RENEW_MS = 400;',
    'const RENEW_MS = 60_000;',
    LOBBY,
  ],
  [
    'a lobby that never opens again past numbers that nobody holds',
    'src/lobby/controller.ts',
    'const called = starved && hadTheirChance ?',
    'const called = starved && hadTheirChance && line.present > 0 ?',
    REPLICAS,
  ],
  [
    'a lobby that opens by the clock of the replica that is asked',
    'src/lobby/rooms.ts',
    'if (rows[0]) this.databaseClock.note(rows[0].now.getTime(), asked, answered);',
    '',
    REPLICAS,
  ],
  [
    'a lobby that hears of its operator too late',
    'src/lobby/rooms.ts',
    'const EVERY_MS = 250;',
    'const EVERY_MS = 2_500;',
    REPLICAS,
  ],
  [
    'a lobby whose opening is told when it is published',
    SERVICE,
    'return asOpened(unpublished, text, this.rooms.nowMs());',
    'return text;',
    REPLICAS,
  ],
  [
    'a lobby that tells the figures of a replica that no longer releases',
    'src/lobby/releaser.ts',
    'lobbyFigures.drop();',
    '',
    REPLICAS,
  ],
].map(([name, file, old, replacement, test]) => ({
  name,
  edits: [{ file, old, new: replacement }],
  tests: [test],
}));
