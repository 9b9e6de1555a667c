import type { Clock } from '../platform/clock.js';
import type { DestinationSettings } from '../platform/config/destinations.js';
import { createHttpEngine } from '../platform/http-client/http-engine.js';
import { type Failure, unreadable, withoutAnswer } from './call-outcome.js';
import type {
  CallLimits,
  CallOptions,
  Connector,
  FieldValue,
  ObjectTarget,
  OutgoingRecord,
} from './connector.js';
import { NOTHING_TOLD, RestAnswers } from './rest-answer.js';
import { RestAsker } from './rest-ask.js';
import { callerFor, secretsOf } from './rest-auth.js';
import { RestCalls } from './rest-call.js';
import { describeDeclared } from './rest-describe.js';
import { restCanonical } from './rest-canonical.js';
import { readRest, type RestDeclaration, type RestObject } from './rest-declaration.js';
import { RestLister } from './rest-list.js';
import { RestRemover } from './rest-remove.js';
import { RestReader } from './rest-read-back.js';
import { RestWriter } from './rest-write.js';
import { refusedUnsent, unsupported } from './unsupported.js';

/** Any backend with a REST API, as config/destinations.yaml declares it; docs/rest-connector.md shows how. */
export function rest(destination: DestinationSettings, clock: Clock): Connector {
  const declaration = readRest(destination);
  const engine = createHttpEngine(declaration);
  const calls = new RestCalls(declaration, callerFor(declaration.auth, engine, clock));
  return new RestConnector(destination.name, declaration, calls, clock);
}

class RestConnector implements Connector {
  readonly limits: CallLimits;
  /** Absent where no object declares it: what `whenNot: delete` then means is said before anything is sent. */
  readonly remove?: NonNullable<Connector['remove']>;
  readonly list?: NonNullable<Connector['list']>;
  readonly find?: NonNullable<Connector['find']>;
  readonly describe?: NonNullable<Connector['describe']>;
  readonly describedObjects: readonly string[];

  constructor(
    readonly destination: string,
    private readonly declaration: RestDeclaration,
    private readonly calls: RestCalls,
    private readonly clock: Clock,
  ) {
    const { callsPerSecond, callsPerDay, day, concurrency, window } = declaration;
    this.limits = { callsPerSecond, callsPerDay, day, concurrency, window };
    const thatDeclare = (part: 'remove' | 'list' | 'find' | 'describe'): string[] =>
      Object.keys(declaration.objects).filter((name) => declaration.objects[name]![part] !== null);
    const declares = (part: 'remove' | 'list' | 'find'): boolean => thatDeclare(part).length > 0;
    this.describedObjects = thatDeclare('describe');
    if (this.describedObjects.length > 0) this.describe = (...asked) => this.describeDeclared(...asked);
    if (declares('remove')) this.remove = (...asked) => this.removeDeclared(...asked);
    if (declares('list')) this.list = (...asked) => this.listDeclared(...asked);
    if (declares('find')) this.find = (...asked) => this.findDeclared(...asked);
  }

  batchMax(target: ObjectTarget): number {
    return this.offered(target)?.write.batch?.max ?? 1;
  }

  readBackMax(target: ObjectTarget): number {
    return this.offered(target)?.read?.max ?? 0;
  }

  isRepeatable(target: ObjectTarget): boolean {
    const isKeyed = target.operation === 'upsert' || target.operation === 'update';
    return isKeyed || (this.offered(target)?.write.idempotencyHeader ?? null) !== null;
  }

  writesWhole(target: ObjectTarget): boolean {
    return this.offered(target)?.write.whole ?? false;
  }

  async send(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    const object = this.offered(target);
    if (!object) return this.refuse(target, records);
    const { values } = this.declaration;
    return new RestWriter(object.write, target, values, this.calls, this.answers(object)).send(
      records,
      options,
    );
  }

  private async removeDeclared(
    target: ObjectTarget,
    records: readonly OutgoingRecord[],
    options: CallOptions,
  ) {
    const object = this.offered(target);
    if (!object?.remove) return notRemoved(records);
    const { values } = this.declaration;
    const remover = new RestRemover(object.remove, target, values, this.calls, this.answers(object));
    return remover.remove(records, options);
  }

  lists(target: ObjectTarget): boolean {
    return (this.offered(target)?.list ?? null) !== null;
  }

  private async listDeclared(...[target, fields, page, options]: Parameters<NonNullable<Connector['list']>>) {
    const object = this.offered(target);
    if (!object?.list) return { records: [], next: page, failure: notDeclared('list') };
    return this.lister(object, target).list(object.list, fields, page, options);
  }

  private async findDeclared(...[target, by, fields, options]: Parameters<NonNullable<Connector['find']>>) {
    const object = this.offered(target);
    if (!object?.find) return { found: by.map(() => undefined), failure: notDeclared('find') };
    const isSame = (field: string, left: FieldValue, right: unknown): boolean =>
      this.canonical(target, field, left) === this.canonical(target, field, right);
    return this.lister(object, target).find(object.find, by, fields, isSame, options);
  }

  private async describeDeclared(...[name, options]: Parameters<NonNullable<Connector['describe']>>) {
    const { objects } = this.declaration;
    const object = Object.hasOwn(objects, name) ? objects[name]! : null;
    if (!object?.describe) return { ok: false as const, reason: notDeclared('describe').reason };
    return describeDeclared(object.describe, this.asker(object, name), options);
  }

  private lister(object: RestObject, target: ObjectTarget): RestLister {
    return new RestLister(object, this.calls, this.asker(object, target.object));
  }

  async readBack(
    target: ObjectTarget,
    records: readonly Pick<OutgoingRecord, 'key' | 'targetId'>[],
    fields: readonly string[],
    options: CallOptions,
  ) {
    const object = this.offered(target);
    if (!object?.read) return { records: records.map(() => undefined), requestId: null };
    const { values } = this.declaration;
    const reader = new RestReader(object.read, target, values, this.calls, this.answers(object));
    return reader.readBack(records, fields, options);
  }

  canonical(target: ObjectTarget, field: string, value: unknown) {
    return restCanonical(this.offered(target)?.compare[field] ?? 'exact', value);
  }

  async probe(options: CallOptions) {
    const { probe, values, outcomes, auth } = this.declaration;
    const answers = new RestAnswers(outcomes, secretsOf(auth), this.clock);
    const url = probe?.url ?? { names: new Set<string>(), render: () => '' };
    const fail = ({ reason }: Failure) => ({ ok: false as const, reason });
    const call = this.calls.make({ method: 'GET', url, headers: {} }, { values }, null);
    const called = await this.calls.send(call, options, true);
    if ('failure' in called) return fail(called.failure);
    if (called.result.kind !== 'answered') return fail(withoutAnswer(called.result));
    const asked = answers.valuesOf(called.result, values);
    const declared = answers.declared(asked, called.result, NOTHING_TOLD, []);
    if (declared && declared.kind !== 'written' && declared.kind !== 'unchanged') return fail(declared);
    const { status } = called.result;
    // Where nothing is declared to ask for, any answer of the API's own proves that it is there and knows us.
    const isThere =
      probe === null ? status < 300 || (status >= 404 && status < 500) : status >= 200 && status < 300;
    if (!isThere) return fail(answers.byHttp(asked, called.result, NOTHING_TOLD, []));
    if (probe?.done && probe.done(asked) !== true) return fail(unreadable(status));
    return { ok: true as const };
  }

  private asker(object: RestObject, name: string): RestAsker {
    return new RestAsker(name, this.declaration.values, this.calls, this.answers(object));
  }

  private answers({ outcomes }: RestObject): RestAnswers {
    const { outcomes: shared, auth, allowance } = this.declaration;
    return new RestAnswers([...outcomes, ...shared], secretsOf(auth), this.clock, allowance);
  }

  private offered({ object, operation }: ObjectTarget): RestObject | null {
    const { objects } = this.declaration;
    const declared = Object.hasOwn(objects, object) ? objects[object]! : null;
    return declared?.operation === operation ? declared : null;
  }

  private refuse(target: ObjectTarget, records: readonly OutgoingRecord[]) {
    const { objects } = this.declaration;
    if (Object.hasOwn(objects, target.object)) return unsupported(records, target);
    const message = `Destination ${this.destination} declares no object ${target.object}: add it to config/destinations.yaml.`;
    return refusedUnsent(records, { code: 'unknown-object', message, owner: 'mapping' });
  }
}

function notDeclared(part: 'list' | 'find' | 'describe'): Failure {
  const message = `This object declares no ${part} in config/destinations.yaml: add it there.`;
  return { kind: 'rejected', reason: { code: 'unsupported-operation', message, owner: 'mapping' } };
}

function notRemoved(records: readonly OutgoingRecord[]) {
  const message = 'This object declares no remove in config/destinations.yaml: add it, or use whenNot: keep.';
  return refusedUnsent(records, { code: 'unsupported-operation', message, owner: 'mapping' });
}
