import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR } from '../../http/app.js';
import { waitFor } from '../../support/wait-for.js';
import type { Browser } from './browser.js';
import { HostileProvider } from './hostile-provider.js';
import { change, form, link, listed, register, said } from './registration-calls.js';
import { SsoApp } from './sso-app.js';

let provider: HostileProvider;
let sso: SsoApp;
/** A second instance on the same database. */
let other: SsoApp;

beforeAll(async () => {
  provider = await HostileProvider.start();
  sso = await SsoApp.start({ hostile: provider.config() });
  other = await SsoApp.start({ hostile: provider.config() }, { databaseUrl: sso.app.databaseUrl });
});
afterAll(async () => {
  await other.stop();
  await sso.stop();
  await provider.stop();
});

/** Somebody new at the provider, logged in. @param more what the provider says of them */
async function person(more: object = {}, at: SsoApp = sso, sub: string = randomUUID()): Promise<Browser> {
  const email = `${sub}@example.org`;
  provider.wrong = { claims: { sub }, userinfo: { sub, email, ...more } };
  const browser = at.browser();
  expect((await at.logIn(browser, provider)).status).toBe(303);
  return browser;
}

describe('A registration made while logged in', () => {
  it('is listed, read, amended and cancelled by its login, without the manage token', async () => {
    const event = await sso.app.openEvent();
    const [ada, eve] = [await person(), await person()];
    const { id } = said(await register(ada, event));
    expect([await listed(ada), await listed(eve)]).toEqual([[id], []]);
    const self = `/v1/registrations/${id}`;
    const read = await ada.get(self);
    expect([read.status, said(read).manageToken]).toEqual([200, undefined]);
    const etag = read.headers.get('etag')!;
    const patch = { attendee: { jobTitle: 'Countess' } };
    expect((await change(eve, 'PATCH', self, patch, { 'if-match': etag })).status).toBe(404);
    expect((await change(ada, 'PATCH', self, patch, { 'if-match': etag })).status).toBe(200);
    for (const status of [404, 200])
      expect((await change(status === 200 ? ada : eve, 'DELETE', self)).status).toBe(status);
    expect(said(await ada.get(self)).status).toBe('cancelled');
  });

  it('is one of several where the event allows it, in pages', async () => {
    const event = await sso.app.openEvent({ sso: 'optional' });
    const ada = await person();
    const ids = [];
    for (let n = 0; n < 3; n++) ids.push(said(await register(ada, event)).id);
    const first = said(await ada.get('/v1/me/registrations?limit=2'));
    const second = said(await ada.get(`/v1/me/registrations?limit=2&cursor=${first.next!}`));
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    expect(second.next).toBeNull();
  });

  it('is nobody’s own where an operator registers others, or where only a mail may tell who is registered', async () => {
    const operator = await person({ groups: ['o'] });
    const ada = await person();
    const strict = await sso.app.openEvent({ privacy: 'strict' });
    expect((await register(operator, await sso.app.openEvent())).status).toBe(201);
    expect((await register(ada, strict)).status).toBe(202);
    expect([await listed(operator), await listed(ada)]).toEqual([[], []]);
  });

  it('goes into one batch with those of guests, each to its own', async () => {
    const event = await sso.app.openEvent({ capacity: 30 });
    const people = [await person(), await person(), await person()];
    const [guests, theirs] = await Promise.all([
      Promise.all(Array.from({ length: 20 }, () => sso.app.register(event))),
      Promise.all(people.map((browser) => register(browser, event))),
    ]);
    expect(guests.map(({ status }) => status)).toEqual(Array(20).fill(201));
    for (const [n, browser] of people.entries()) expect(await listed(browser)).toEqual([said(theirs[n]!).id]);
  });
});

describe('A registration made as a guest', () => {
  it('becomes a login’s own by its manage token only, and of one login only', async () => {
    const event = await sso.app.openEvent();
    const [guest, another] = [(await sso.app.register(event)).body, (await sso.app.register(event)).body];
    const [ada, eve] = [await person(), await person()];
    for (const wrong of ['fm_nonsense', another.manageToken, OPERATOR])
      expect((await link(ada, { ...guest, manageToken: wrong })).status).toBe(404);
    expect((await link(ada, { ...guest, id: randomUUID() })).status).toBe(404);
    expect((await ada.get(`/v1/registrations/${guest.id}`)).status).toBe(404);
    for (const _again of [1, 2]) {
      const linked = await link(ada, guest);
      expect([linked.status, said(linked).id]).toEqual([200, guest.id]);
    }
    expect((await ada.get(`/v1/registrations/${guest.id}`)).status).toBe(200);
    expect([(await link(eve, guest)).status, await listed(ada)]).toEqual([409, [guest.id]]);
    const { rows } = await sso.app.pool.query(
      `select actor from access_audit where act = 'registration.linked' and subject = $1`,
      [guest.id],
    );
    expect(rows).toEqual([{ actor: expect.stringMatching(/^identity:/) as string }]);
  });

  it('is for people: neither a key nor a manage token nor a guest has a list', async () => {
    const { manageToken } = (await sso.app.register(await sso.app.openEvent())).body;
    const ask = async (token?: string) =>
      (await sso.app.call('GET', '/v1/me/registrations', token === undefined ? {} : { token })).status;
    expect([await ask(), await ask(OPERATOR), await ask(manageToken)]).toEqual([401, 403, 403]);
  });

  it('is not linked by another site’s form', async () => {
    const guest = (await sso.app.register(await sso.app.openEvent())).body;
    const ada = await person();
    const path = `/v1/me/registrations/${guest.id}`;
    const { manageToken } = guest;
    const forged = await change(ada, 'PUT', path, { manageToken }, { origin: 'https://evil.example' });
    expect([forged.status, await listed(ada)]).toEqual([403, []]);
  });

  it('given on to somebody else is its giver’s no more', async () => {
    const ada = await person();
    const { id } = said(await register(ada, await sso.app.openEvent()));
    const given = await ada.post(`/v1/registrations/${id}/transfer`, form());
    expect(given.status).toBe(200);
    expect([await listed(ada), (await ada.get(`/v1/registrations/${id}`)).status]).toEqual([[], 404]);
    const eve = await person();
    expect((await link(eve, said(given))).status).toBe(200);
  });

  it('of an erased person is nobody’s, and their login has ended', async () => {
    const ada = await person();
    const { id } = said(await register(ada, await sso.app.openEvent()));
    const erased = await change(ada, 'DELETE', `/v1/registrations/${id}/person`);
    expect([erased.status, said(erased).status]).toEqual([200, 'erased']);
    const { rows } = await sso.app.pool.query(
      `select i.attendee::text, (select count(*)::integer from registration_identities r where r.identity_id = i.id) as links,
              (select count(*)::integer from logins l where l.identity_id = i.id and l.ended_at is null) as logins
         from identities i order by created_at desc limit 1`,
    );
    expect(rows).toEqual([{ attendee: '{}', links: 0, logins: 0 }]);
  });

  it('of a colleague takes nothing of the login with it that registered them', async () => {
    const event = await sso.app.openEvent({ sso: 'optional' });
    const ada = await person();
    const [own, colleague] = [said(await register(ada, event)), said(await register(ada, event))];
    const { id, manageToken } = colleague;
    const erased = await sso.app.call('DELETE', `/v1/registrations/${id}/person`, { token: manageToken });
    expect(erased.status).toBe(200);
    expect(await listed(ada)).toEqual([own.id]);
    const me = said(await ada.get('/v1/me'));
    expect(me.attendee.email).toMatch(/@example\.org$/);
  });
});

describe('An event that demands a login', () => {
  it('gives one identity one registration, from many tabs at two instances; the others are led to it', async () => {
    const event = await sso.app.openEvent({ sso: 'required', capacity: 20 });
    const sub = randomUUID();
    const tabs = await Promise.all([person({}, sso, sub), person({}, other, sub)]);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => register(tabs[n % 2]!, event, form())),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made.length).toBe(1);
    const { id } = said(made[0]!);
    for (const answer of answers.filter((one) => one !== made[0])) {
      expect([answer.status, said(answer).type]).toEqual([409, '/problems/already-registered']);
      expect(said(answer).registration).toEqual({ id, links: { self: `/v1/registrations/${id}` } });
    }
    const seen = await sso.app.call('GET', `/v1/events/${event}`);
    expect(seen.body.placesLeft).toBe(19);
    expect(await listed(tabs[0])).toEqual([id]);
  });

  it('gives it again after it was cancelled, and the same to a repeated request', async () => {
    const event = await sso.app.openEvent({ sso: 'required' });
    const ada = await person();
    const first = said(await register(ada, event, form(), { 'idempotency-key': 'one' }));
    const refused = await register(ada, event, form('b@example.org'), { 'idempotency-key': 'two' });
    expect(refused.status).toBe(409);
    await change(ada, 'DELETE', `/v1/registrations/${first.id}`);
    const repeated = await register(ada, event, form('b@example.org'), { 'idempotency-key': 'two' });
    expect([repeated.status, repeated.headers.get('idempotent-replayed')]).toEqual([409, 'true']);
    expect(said(repeated).registration).toMatchObject({ id: first.id });
    const anew = await register(ada, event, form('b@example.org'), { 'idempotency-key': 'three' });
    expect([anew.status, await listed(ada)]).toEqual([201, [first.id, said(anew).id]]);
  });

  it('is not had twice by linking either', async () => {
    const event = await sso.app.openEvent({ sso: 'required' });
    const ada = await person();
    const own = said(await register(ada, event));
    const given = await sso.app.call('POST', `/v1/events/${event}/registrations`, {
      body: form(),
      token: OPERATOR,
    });
    const answer = await link(ada, given.body);
    expect([answer.status, said(answer).registration]).toMatchObject([409, { id: own.id }]);
    expect((await link(await person(), given.body)).status).toBe(200);
  });

  it('spends no pass on who has a registration', async () => {
    const event = await withLine();
    const [ada, eve] = [await person(), await person()];
    const [first, second] = [await passOf(ada, event), await passOf(eve, event)];
    expect((await register(ada, event, form(), { 'foyer-pass': first })).status).toBe(201);
    const again = await register(ada, event, form(), { 'foyer-pass': second });
    expect([again.status, said(again).type]).toEqual([409, '/problems/already-registered']);
    expect((await register(await person(), event, form(), { 'foyer-pass': second })).status).toBe(201);
  });

  it('gives one identity one place in line, from two instances, and another after it has cancelled', async () => {
    const event = await withLine();
    const sub = randomUUID();
    const [ada, elsewhere] = [await person({}, sso, sub), await person({}, other, sub)];
    // An instance learns of a room a moment after it was made.
    const join = async (browser: Browser): Promise<number> => {
      const joined = await waitFor(
        () => browser.post(`/v1/events/${event}/lobby`, {}),
        ({ status }) => status === 201,
      );
      return (said(joined) as unknown as { number: number }).number;
    };
    const places = await Promise.all([ada, elsewhere, ada, elsewhere].map(join));
    expect(new Set(places).size).toBe(1);
    const drawn = async (): Promise<{ issued: number; voids: number }> => {
      const { rows } = await sso.app.pool.query<{ issued: number; voids: number }>(
        `select issued::int, (select count(*)::int from lobby_voids v where v.event_id = l.event_id) as voids
           from lobby_lines l where event_id = (select id from events where slug = $1)`,
        [event],
      );
      return rows[0]!;
    };
    const { issued } = await waitFor(drawn, (line) => line.issued - line.voids === 1);
    await join(elsewhere);
    expect((await drawn()).issued, 'who has a number draws none').toBe(issued);
    const { id } = said(await register(ada, event, form(), { 'foyer-pass': await passOf(ada, event) }));
    expect(await join(elsewhere)).toBe(places[0]);
    await change(ada, 'DELETE', `/v1/registrations/${id}`);
    expect(await join(ada)).toBeGreaterThan(places[0]!);
    const anew = await register(ada, event, form(), { 'foyer-pass': await passOf(ada, event) });
    expect(anew.status).toBe(201);
  });

  const withLine = async (): Promise<string> => {
    const event = await sso.app.openEvent({ sso: 'required' });
    const line = { mode: 'always', maxActive: 5, maxPerMinute: 600, passSeconds: 60, claimSeconds: 30 };
    await sso.app.operator('PUT', `/v1/events/${event}/lobby`, line);
    return event;
  };

  const passOf = async (browser: Browser, event: string): Promise<string> => {
    const path = `/v1/events/${event}/lobby`;
    const { ticket } = said(await browser.post(path, {})) as unknown as { ticket: string };
    const called = await waitFor(
      () => browser.post(`${path}/pass`, { ticket }),
      ({ status }) => status === 201,
    );
    return (said(called) as unknown as { pass: string }).pass;
  };
});

describe('The pages of who is logged in', () => {
  it('fill in the form, and lead to the registration that there is instead of to a second', async () => {
    const event = await sso.app.openEvent({ sso: 'required' });
    const ada = await person({ given_name: 'Augusta' });
    const empty = await ada.get(`/e/${event}`);
    expect(empty.text).toMatch(/name="firstName"[^>]*value="Augusta"|value="Augusta"[^>]*name="firstName"/);
    const { attendee } = form();
    const sent = await ada.post(`/e/${event}`, new URLSearchParams(attendee));
    expect([sent.status, sent.text.includes('It belongs to your login')]).toEqual([201, true]);
    const [id] = await listed(ada);
    const again = await ada.get(`/e/${event}`);
    expect([again.text.includes(`href="/r/${id!}"`), again.text.includes('<form')]).toEqual([true, false]);
    const second = await ada.post(`/e/${event}`, new URLSearchParams(form().attendee));
    expect([second.status, second.text.includes(`href="/r/${id!}"`)]).toEqual([409, true]);
    const seen = await ada.get(`/r/${id!}`);
    expect([seen.status, seen.text.includes(attendee.email)]).toEqual([200, true]);
    expect((await (await person()).get(`/r/${id!}`)).status).toBe(404);
    expect((await ada.post(`/r/${id!}`, new URLSearchParams())).status).toBe(303);
    expect((await ada.get(`/r/${id!}`)).text).toContain('is cancelled');
  });

  it('take a guest’s registration to the login with one button', async () => {
    const { id, manageToken } = (await sso.app.register(await sso.app.openEvent())).body;
    const ada = await person();
    const path = `/r/${id}?token=${manageToken}`;
    expect((await ada.get(path)).text).toContain('Keep it with my login');
    expect((await sso.browser().get(path)).text).not.toContain('Keep it with my login');
    const kept = await ada.post(path, new URLSearchParams({ act: 'link' }));
    expect([kept.status, kept.location]).toEqual([303, path]);
    expect((await ada.get(path)).text).toContain('It belongs to your login');
    expect(await listed(ada)).toEqual([id]);
  });
});
