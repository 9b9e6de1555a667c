import { type Answer, type Call, isObject, jsonOf, textOf } from '../call.js';
import type { Store } from '../store/store.js';
import type { Row } from '../store/table.js';
import { shownMember, tagsOf } from './member.js';
import type { Members } from './members.js';
import { invalid, json, notAllowed, notFound, nothing, problem } from './problems.js';
import { pageIn, withFields } from './selection.js';

/** Routes below lists/{id}/members. */
export class MemberRoutes {
  constructor(
    private readonly store: Store,
    private readonly members: Members,
  ) {}

  answer(call: Call, named: string | undefined, action: string | undefined): Answer {
    if (named === undefined) return call.method === 'GET' ? this.list(call) : this.add(call);
    const row = this.members.find(named);
    if (action !== undefined) return row === undefined ? notFound() : this.act(call, row, action);
    switch (call.method) {
      case 'GET':
        return row === undefined ? notFound() : this.shown(call, 200, row);
      case 'PUT':
        return this.put(call, row);
      case 'PATCH':
        return row === undefined ? notFound() : this.put(call, row);
      case 'DELETE':
        return this.archive(call, row);
      default:
        return notAllowed();
    }
  }

  private list(call: Call): Answer {
    const page = pageIn(call.query);
    if ('answer' in page) return page.answer;
    const status = call.query.get('status');
    const rows = this.members.table.rows.filter(
      ({ isGone, fields }) =>
        !isGone && (status === null ? fields.status !== 'archived' : fields.status === status),
    );
    const members = rows
      .slice(page.offset, page.offset + page.count)
      .map((row) => shownMember(row, this.members.settings));
    const body = { members, list_id: this.members.settings.listId, total_items: rows.length };
    return json(200, withFields(body, call.query));
  }

  /** POST members: only somebody new. */
  private add(call: Call): Answer {
    if (call.method !== 'POST') return notAllowed();
    const body = jsonOf(call);
    const address = isObject(body) ? textOf(body.email_address) : '';
    const row = this.members.find(address);
    if (row === undefined || row.fields.status === 'archived') return this.put(call, row);
    return problem(
      400,
      'Member Exists',
      `${address} is already a list member. Use PUT to insert or update list members.`,
    );
  }

  private put(call: Call, row: Row | undefined): Answer {
    const body = jsonOf(call);
    if (!isObject(body))
      return problem(400, 'JSON Parse Error', 'We encountered an unspecified JSON parsing error.');
    const stored = this.members.put(call, row, body);
    return 'row' in stored ? this.shown(call, 200, stored.row) : stored.answer;
  }

  private archive(call: Call, row: Row | undefined): Answer {
    if (row === undefined) return notFound();
    if (row.fields.status === 'archived')
      return problem(
        405,
        'Method Not Allowed',
        'This list member cannot be removed. Please contact support.',
      );
    this.members.remove(call, row, false);
    return nothing();
  }

  private act(call: Call, row: Row, action: string): Answer {
    if (call.method !== 'POST') return notAllowed();
    const body = jsonOf(call);
    if (action === 'actions/delete-permanent') {
      this.members.remove(call, row, true);
      return nothing();
    }
    if (action === 'tags') return this.tag(call, row, body);
    return action === 'events' ? this.addEvent(call, row, body) : notFound();
  }

  private tag(call: Call, row: Row, body: unknown): Answer {
    const wanted = isObject(body) ? body.tags : undefined;
    if (!Array.isArray(wanted) || !wanted.every((each) => isObject(each) && textOf(each.name) !== ''))
      return invalid([{ field: 'tags', message: 'Schema describes array, NULL found instead' }]);
    const tags = new Set(tagsOf(row.fields.tags));
    for (const each of wanted as Record<string, unknown>[])
      if (each.status === 'inactive') tags.delete(textOf(each.name));
      else tags.add(textOf(each.name));
    const fields = { ...row.fields, tags: [...tags].join('\n') };
    const isLie = call.lie() !== undefined;
    if (!isLie) this.store.update(this.members.table, row, row.key, fields, call.at);
    const outcome = isLie ? 'lied' : 'updated';
    call.notes.push({ object: 'members', key: row.key, id: row.id, outcome, request: body, response: null });
    return nothing();
  }

  /** Written once, with no key: what is sent twice is there twice. */
  private addEvent(call: Call, row: Row, body: unknown): Answer {
    const name = isObject(body) ? textOf(body.name) : '';
    if (!/^[A-Za-z][\w-]{1,29}$/.test(name))
      return invalid([
        { field: 'name', message: 'This value should have 2 to 30 characters: letters, digits, _ and -.' },
      ]);
    const { properties, occurred_at } = body as Record<string, unknown>;
    const isLie = call.lie() !== undefined;
    this.store.counter += 1;
    const id = String(this.store.counter);
    const fields = {
      member: row.id,
      name,
      properties: JSON.stringify(isObject(properties) ? properties : {}),
      occurred_at: textOf(occurred_at) || new Date(call.at).toISOString(),
    };
    if (!isLie) this.store.insert(this.store.table('events'), id, row.key, fields, call.at);
    const outcome = isLie ? 'lied' : 'created';
    call.notes.push({ object: 'events', key: row.key, id, outcome, request: body, response: null });
    return nothing();
  }

  private shown(call: Call, status: number, row: Row): Answer {
    return json(status, withFields(shownMember(row, this.members.settings), call.query));
  }
}
