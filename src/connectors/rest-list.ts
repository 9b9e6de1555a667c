import type { HttpAnswer } from '../platform/http-client/http-engine.js';
import { type Failure, unreadable } from './call-outcome.js';
import type { CallOptions, FieldValue, FindResult, Listed, ListPage, StoredRecord } from './connector.js';
import { idOf } from './rest-answer.js';
import type { Heard, RestAsker } from './rest-ask.js';
import type { RestCalls } from './rest-call.js';
import type { RestFind, RestList, RestObject } from './rest-declaration.js';
import { resultsIn, storedIn } from './rest-results.js';
import type { Values } from './template.js';

type By = Readonly<Record<string, string>>;
type Stored = NonNullable<StoredRecord>;

/** Reads all records of one object page by page, or looks some up, as its declaration says. */
export class RestLister {
  constructor(
    private readonly object: RestObject,
    private readonly calls: RestCalls,
    private readonly asker: RestAsker,
  ) {}

  async list(
    declared: RestList,
    fields: readonly string[],
    page: string | null,
    options: CallOptions,
  ): Promise<ListPage> {
    const failed = (failure: Failure): ListPage => ({ records: [], next: page, failure });
    const { paging, next } = declared;
    const at = paging === 'link' ? undefined : pageOf(declared, page);
    const templates = page !== null && next ? { ...declared, url: next } : declared;
    const heard = await this.asker.ask(templates, { page: at }, options, {
      link: paging === 'link' ? page : null,
    });
    if ('failure' in heard) return failed(heard.failure);
    const results = resultsIn(declared.results, heard.values);
    const after = results && this.after(declared, heard, page, results.length);
    if (!results || after === undefined) return failed(unreadable(heard.answer.status));
    const records: Listed[] = [];
    for (const result of results) {
      const values = { ...heard.values, result };
      const stored = this.stored(declared, values, fields);
      if (!stored) return failed(unreadable(heard.answer.status));
      const key = idOf(declared.key(values));
      if (key !== null) records.push({ key, stored });
    }
    return { records, next: after };
  }

  /** @param isSame whether two values of a field are the same at this backend */
  async find(
    declared: RestFind,
    by: readonly By[],
    fields: readonly string[],
    isSame: (field: string, left: FieldValue, right: unknown) => boolean,
    options: CallOptions,
  ): Promise<FindResult> {
    const found: (readonly Stored[] | undefined)[] = [];
    let failure: Failure | undefined;
    const names = [...new Set([...fields, ...by.flatMap((one) => Object.keys(one))])];
    for (const one of by) {
      const looked = failure ? { failure } : await this.lookUp(declared, one, names, options);
      if ('failure' in looked) failure ??= looked.failure;
      const isLike = ({ fields: standing }: Stored): boolean =>
        Object.entries(one).every(([field, value]) => isSame(field, value, standing[field]));
      found.push('found' in looked ? looked.found.filter(isLike) : undefined);
    }
    return { found, ...(failure ? { failure } : {}) };
  }

  private async lookUp(
    declared: RestFind,
    by: By,
    fields: readonly string[],
    options: CallOptions,
  ): Promise<{ found: readonly Stored[] } | { failure: Failure }> {
    const heard = await this.asker.ask(declared, { by }, options, { missing: declared.missing });
    if ('failure' in heard) return heard;
    if (declared.missing?.(heard.values) === true) return { found: [] };
    const results = resultsIn(declared.results, heard.values);
    const found = results?.map((result) => this.stored(declared, { ...heard.values, result }, fields));
    const isWhole = found?.every((one) => one !== null) ?? false;
    return isWhole ? { found: found as Stored[] } : { failure: unreadable(heard.answer.status) };
  }

  private stored(declared: RestList | RestFind, values: Values, fields: readonly string[]): StoredRecord {
    const isOwn = Object.keys(declared.fields).length > 0;
    return storedIn(declared.id, isOwn ? declared.fields : (this.object.read?.fields ?? {}), values, fields);
  }

  /** What the next page is asked for with; null: there is none; undefined: the answer names a place we do not go to. */
  private after(
    { paging, cursor }: RestList,
    { answer, values }: Extract<Heard, { answer: HttpAnswer }>,
    page: string | null,
    count: number,
  ): string | null | undefined {
    if (paging === 'cursor') return idOf(cursor!(values));
    if (paging === 'link') return this.linkIn(answer);
    if (count === 0) return null;
    return paging === 'offset' ? String(Number(page ?? 0) + count) : String(Number(page ?? 1) + 1);
  }

  /** RFC 8288. Our credentials go to no other host, whatever a link says. */
  private linkIn({ headers }: HttpAnswer): string | null | undefined {
    const links = [headers.link ?? []].flat().join(',');
    const next = /<([^>]*)>\s*;[^,<]*\brel="?(?:[^",]*\s)?next\b/i.exec(links)?.[1];
    return next === undefined ? null : this.calls.below(next);
  }
}

function pageOf({ paging }: RestList, page: string | null): string | number | undefined {
  if (paging === 'cursor') return page ?? undefined;
  return Number(page ?? (paging === 'offset' ? 0 : 1));
}
