import { type Answer, type Call, isObject, jsonOf, textOf } from '../call.js';
import type { Store } from '../store/store.js';
import type { Fields, Row, Table } from '../store/table.js';
import { failure, result } from './envelope.js';
import { type Leads, paged, RECORDS_MAX } from './leads.js';

/** What may be written of a membership. */
const WRITABLE = ['registrationCode', 'webinarUrl', 'foyerMinutes'];
const SEARCHABLE = ['leadId', 'statusName', 'reachedSuccess'];
const DEFAULT_FIELDS = ['leadId', 'reachedSuccess', 'programId', 'acquiredBy', 'membershipDate'];

/** Program members: a status only ever goes forward, and one that is reached already is skipped with 1037. */
export class Members {
  constructor(
    private readonly store: Store,
    private readonly leads: Leads,
    private readonly programs: Record<string, string[]>,
  ) {
    for (const name of ['key', 'leadId']) this.table.index(name);
  }

  /** POST programs/{id}/members/status.json */
  sync(call: Call, programId: string): Answer {
    const statuses = this.programs[programId];
    if (statuses === undefined) return failure('1013', `Program '${programId}' not found`);
    const body = jsonOf(call);
    if (!isObject(body)) return failure('609');
    const step = statuses.indexOf(textOf(body.statusName));
    if (step < 0) return failure('1003', `Invalid value for field 'statusName'`);
    return this.each(call, body, (given, seq) => {
      const lead = this.leads.find(given.leadId);
      if (lead === undefined)
        return this.skip(call, seq, given, '1004', `Lead '${textOf(given.leadId)}' not found`);
      const row = this.find(programId, lead.id);
      if (row !== undefined && statuses.indexOf(String(row.fields.statusName)) >= step)
        return this.skip(
          call,
          seq,
          given,
          '1037',
          'Lead skipped because it is already in or past this status',
        );
      const at = `${new Date(call.at).toISOString().slice(0, 19)}Z`;
      const fields: Fields = {
        key: keyOf(programId, lead.id),
        programId: Number(programId),
        leadId: Number(lead.id),
        membershipDate: row?.fields.membershipDate ?? at,
        acquiredBy: false,
        ...row?.fields,
        statusName: statuses[step]!,
        reachedSuccess: statuses[step]!.startsWith('Attended'),
      };
      return this.write(call, seq, given, row, fields);
    });
  }

  /** POST programs/{id}/members.json */
  update(call: Call, programId: string): Answer {
    if (this.programs[programId] === undefined) return failure('1013', `Program '${programId}' not found`);
    const body = jsonOf(call);
    if (!isObject(body)) return failure('609');
    return this.each(call, body, ({ leadId, ...given }, seq) => {
      const request = { leadId, ...given };
      const row = this.find(programId, textOf(leadId));
      if (row === undefined) return this.skip(call, seq, request, '1013', 'Membership not found');
      const unknown = Object.keys(given).find((name) => !WRITABLE.includes(name));
      if (unknown !== undefined) return this.skip(call, seq, request, '1006', `Field '${unknown}' not found`);
      const values = Object.entries(given).map(([name, value]) => [
        name,
        value === null ? null : textOf(value),
      ]);
      return this.write(call, seq, request, row, {
        ...row.fields,
        ...(Object.fromEntries(values) as Fields),
      });
    });
  }

  /** POST programs/{id}/members/delete.json */
  remove(call: Call, programId: string): Answer {
    const body = jsonOf(call);
    if (!isObject(body)) return failure('609');
    return this.each(call, body, (given, seq) => {
      const row = this.find(programId, textOf(given.leadId));
      if (row === undefined) return this.skip(call, seq, given, '1013', 'Membership not found');
      const isLie = call.lie() !== undefined;
      if (!isLie) this.store.remove(this.table, row, call.at);
      const response = { seq, leadId: row.fields.leadId, status: 'deleted' };
      const outcome = isLie ? 'lied' : 'updated';
      call.notes.push({ object: 'members', key: row.key, id: row.id, outcome, request: given, response });
      return response;
    });
  }

  /** GET programs/{id}/members.json?filterType=&filterValues= */
  read(query: URLSearchParams, programId: string): Answer {
    if (this.programs[programId] === undefined) return failure('1013', `Program '${programId}' not found`);
    const filterType = query.get('filterType') ?? '';
    if (!SEARCHABLE.includes(filterType)) return failure('1003', `Invalid filterType '${filterType}'`);
    const values = (query.get('filterValues') ?? '').split(',');
    const rows =
      filterType === 'leadId'
        ? values.map((id) => this.find(programId, id)).filter((row) => row !== undefined)
        : this.table.rows.filter(
            ({ isGone, fields }) =>
              !isGone &&
              String(fields.programId) === programId &&
              values.includes(String(fields[filterType])),
          );
    const asked = (query.get('fields') ?? '').split(',').filter((name) => name !== '');
    const names = asked.length > 0 ? ['leadId', ...asked] : DEFAULT_FIELDS;
    return paged(
      query,
      rows.map(({ fields }, seq) => ({
        seq,
        ...Object.fromEntries(names.map((name) => [name, fields[name] ?? null])),
      })),
    );
  }

  private each(
    call: Call,
    body: Record<string, unknown>,
    one: (given: Record<string, unknown>, seq: number) => object,
  ): Answer {
    const { input } = body;
    if (!Array.isArray(input) || input.length === 0 || !input.every(isObject))
      return failure('1002', "Missing value for required parameter 'input'");
    if (input.length > RECORDS_MAX) return failure('1003', `Batch size can not exceed ${RECORDS_MAX}`);
    return result(input.map((given, seq) => one(given, seq)));
  }

  private write(call: Call, seq: number, request: object, row: Row | undefined, fields: Fields): object {
    const isLie = call.lie() !== undefined;
    const key = String(fields.key);
    const id = row?.id ?? this.leads.nextId();
    if (!isLie && row === undefined) this.store.insert(this.table, id, key, fields, call.at);
    if (!isLie && row !== undefined) this.store.update(this.table, row, key, fields, call.at);
    const response = { seq, status: row === undefined ? 'created' : 'updated', leadId: fields.leadId };
    const outcome = isLie ? 'lied' : row === undefined ? 'created' : 'updated';
    call.notes.push({ object: 'members', key, id, outcome, request, response });
    return response;
  }

  private skip(
    call: Call,
    seq: number,
    request: Record<string, unknown>,
    code: string,
    message: string,
  ): object {
    const response = { seq, status: 'skipped', reasons: [{ code, message }] };
    call.notes.push({
      object: 'members',
      key: textOf(request.leadId),
      id: null,
      outcome: 'rejected',
      request,
      response,
    });
    return response;
  }

  private find(programId: string, leadId: string): Row | undefined {
    return this.table.findOne('key', keyOf(programId, leadId));
  }

  /** Looked up each time: emptying the twin replaces it. */
  private get table(): Table {
    return this.store.table('members');
  }
}

function keyOf(programId: string, leadId: string): string {
  return `${programId}/${leadId}`;
}
