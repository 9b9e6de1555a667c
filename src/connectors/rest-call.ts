/** One call to a declared backend, made of its templates. */
import { ValueFault } from '../mapping/value-fault.js';
import type { HttpResult } from '../platform/http-client/http-engine.js';
import type { Failure } from './call-outcome.js';
import type { CallOptions, ObjectTarget, OutgoingRecord } from './connector.js';
import type { Caller } from './rest-auth.js';
import type { RestDeclaration } from './rest-declaration.js';
import { type Template, TemplateFault, type Values } from './template.js';

export interface CallTemplates {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: Template<string>;
  readonly headers: Readonly<Record<string, Template<string>>>;
}

/** What a call will be, once its turn has come. */
export interface MadeCall {
  readonly method: CallTemplates['method'];
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type Called = { readonly result: HttpResult } | { readonly failure: Failure };

export class RestCalls {
  constructor(
    private readonly declaration: RestDeclaration,
    private readonly caller: Caller,
  ) {}

  /** @throws TemplateFault or ValueFault */
  make({ method, url, headers }: CallTemplates, values: Values, content: Content | null): MadeCall {
    return {
      method,
      url: `${this.declaration.baseUrl.replace(/\/+$/, '')}${url.render(values)}`,
      headers: {
        accept: 'application/json',
        ...(content === null ? {} : { 'content-type': content.type }),
        ...rendered(this.declaration.headers, values),
        ...rendered(headers, values),
      },
      ...(content === null ? {} : { body: content.text }),
    };
  }

  /** An address that an answer names, as its path and query; undefined where it is not below baseUrl. */
  below(address: string): string | undefined {
    const base = new URL(this.declaration.baseUrl);
    const root = base.pathname.replace(/\/*$/, '/');
    if (!URL.canParse(address, base.href)) return undefined;
    const { origin, pathname, search } = new URL(address, base.href);
    return origin === base.origin && pathname.startsWith(root) ? `${pathname}${search}` : undefined;
  }

  send(call: MadeCall, options: CallOptions, isRepeatable: boolean): Promise<Called> {
    return this.caller({ ...call, isRepeatable }, options);
  }
}

export interface Content {
  readonly type: string;
  readonly text: string;
}

export function asJson(value: unknown): Content {
  return { type: 'application/json', text: JSON.stringify(value ?? null) };
}

export function asLines(items: readonly unknown[]): Content {
  return { type: 'application/x-ndjson', text: items.map((item) => `${JSON.stringify(item)}\n`).join('') };
}

/** What templates read of one record. */
export function recordValues(
  { fields, key, targetId, traceId }: Pick<OutgoingRecord, 'key' | 'targetId'> & Partial<OutgoingRecord>,
  target: ObjectTarget,
  values: Values,
): Values {
  return {
    record: { ...fields, [target.keyField]: key },
    key,
    targetId: targetId ?? undefined,
    traceId,
    values,
    object: target.object,
  };
}

/** What templates read of a call that carries many. */
export function callValues(
  records: readonly Pick<OutgoingRecord, 'key' | 'targetId'>[],
  contents: readonly unknown[],
  target: ObjectTarget,
  values: Values,
): Values {
  return {
    records: contents,
    keys: records.map(({ key }) => key),
    targetIds: records.flatMap(({ targetId }) => targetId ?? []),
    values,
    object: target.object,
  };
}

/** A record that no call can be made of is a matter of the declaration or the mapping. */
export function templateFailure(error: unknown): Failure {
  if (!(error instanceof TemplateFault) && !(error instanceof ValueFault)) throw error;
  const message = `No call could be made of this record: ${error.message}.`;
  return { kind: 'rejected', reason: { code: 'template', message, owner: 'mapping' } };
}

function rendered(headers: CallTemplates['headers'], values: Values): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, template]) => [name.toLowerCase(), template.render(values)]),
  );
}
