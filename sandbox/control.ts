import type { IncomingMessage, ServerResponse } from 'node:http';
import { BackendHand } from './backend-hand.js';
import { readBody } from './body.js';
import { decoded } from './call.js';
import type { ControlParts, Reply } from './control-parts.js';
import { readFaultRequest } from './faults/fault.js';
import { pageFile } from './page/page-file.js';
import { recordPage } from './record-page.js';

const LIST_LIMIT_DEFAULT = 100;
const LIST_LIMIT_MAX = 10_000;
/** Room for 100,000 records to be seeded at once. */
const CONTROL_BODY_BYTES_MAX = 128 * 1024 * 1024;

/** The twin's own routes below /_twin: what arrived, what is stored, and what shall go wrong. */
export class Control {
  private readonly startedAt = new Date().toISOString();
  private readonly hand: BackendHand;
  /** Calls that came where the fault `redirect` sends to. */
  private elsewhere = 0;

  constructor(private readonly parts: ControlParts) {
    this.hand = new BackendHand(parts);
  }

  async answer(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    const url = new URL(`http://twin${target}`);
    const method = request.method ?? 'GET';
    const asset = method === 'GET' ? pageFile(url.pathname) : undefined;
    if (asset !== undefined) {
      response.writeHead(asset.status, asset.headers);
      response.end(asset.body);
      return;
    }
    const body = await readBody(request, CONTROL_BODY_BYTES_MAX);
    if (body === undefined) return;
    const { status, body: reply } =
      body === 'tooLarge'
        ? { status: 413, body: { error: `The body may hold at most ${CONTROL_BODY_BYTES_MAX} bytes.` } }
        : this.reply(method, url, body);
    response.writeHead(status, {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
    });
    response.end(status === 204 ? '' : JSON.stringify(reply));
  }

  private reply(method: string, url: URL, body: Buffer): Reply {
    const path = url.pathname.replace(/\/+$/, '').slice('/_twin'.length);
    const { vendor, journal, calls } = this.parts;
    if (method === 'DELETE' && path === '') return this.empty();
    if (path === '/faults' && method === 'GET') return { status: 200, body: this.faults() };
    if (path === '/faults' && method === 'PUT') return this.replaceFaults(body);
    if (path === '/summary' && method === 'GET') return { status: 200, body: this.summary() };
    if (path === '/journal' && method === 'GET')
      return this.list(url, (cursor, limit) => journal.page(cursor, limit));
    if (path === '/calls' && method === 'GET')
      return this.list(url, (cursor, limit) => calls.page(cursor, limit));
    if (path === '/elsewhere') return this.comeElsewhere();
    if (path.startsWith('/records/')) {
      const [object = '', ...rest] = path.slice('/records/'.length).split('/').map(decoded);
      if (!vendor.store.has(object)) return { status: 404, body: { error: this.unknownObject(object) } };
      if (method === 'GET' && rest.length === 0)
        return this.list(url, (cursor, limit) => recordPage(vendor.store.table(object), cursor, limit));
      return this.hand.reply(method, object, rest, body);
    }
    const own = vendor.control?.(method, path);
    if (own !== undefined) return { status: 200, body: own };
    return { status: 404, body: { error: `There is no ${method} ${url.pathname} here.` } };
  }

  private list(url: URL, page: (cursor: number, limit: number) => unknown): Reply {
    const cursor = wholeNumber(url.searchParams.get('cursor'), 0);
    const limit = wholeNumber(url.searchParams.get('limit'), LIST_LIMIT_DEFAULT);
    if (cursor === undefined)
      return { status: 400, body: { error: '"cursor" must be the "next" of an earlier answer.' } };
    if (limit === undefined || limit < 1 || limit > LIST_LIMIT_MAX)
      return { status: 400, body: { error: `"limit" must be a whole number from 1 to ${LIST_LIMIT_MAX}.` } };
    return { status: 200, body: page(cursor, limit) };
  }

  private empty(): Reply {
    const { vendor, journal, calls, file } = this.parts;
    vendor.empty?.();
    this.elsewhere = 0;
    journal.empty();
    calls.empty();
    file?.empty();
    return { status: 204, body: null };
  }

  private replaceFaults(body: Buffer): Reply {
    let json: unknown;
    try {
      json = JSON.parse(body.toString('utf8'));
    } catch {
      return { status: 400, body: { error: 'The body is not JSON.' } };
    }
    const wanted = readFaultRequest(json);
    if (typeof wanted === 'string') return { status: 400, body: { error: wanted } };
    this.parts.faults.replace(wanted.faults);
    if (wanted.limits !== undefined) this.parts.vendor.enforceLimits(wanted.limits);
    return { status: 200, body: this.faults() };
  }

  private comeElsewhere(): Reply {
    this.elsewhere += 1;
    return { status: 200, body: { elsewhere: this.elsewhere } };
  }

  private faults(): unknown {
    return { faults: this.parts.faults.list(), limits: this.parts.vendor.areLimitsOn() };
  }

  private summary(): unknown {
    const { vendor, journal, faults } = this.parts;
    const records = Object.fromEntries(
      vendor.store.objects().map((object) => [object, vendor.store.table(object).liveCount()]),
    );
    const limits = vendor.areLimitsOn();
    return {
      twin: vendor.name,
      startedAt: this.startedAt,
      ...journal.summary(),
      records,
      faults: faults.list(),
      limits,
      elsewhere: this.elsewhere,
    };
  }

  private unknownObject(object: string): string {
    return `There is no object "${object}"; known are ${this.parts.vendor.store.objects().join(', ')}.`;
  }
}

function wholeNumber(text: string | null, without: number): number | undefined {
  if (text === null || text === '') return without;
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
