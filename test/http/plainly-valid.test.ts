import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { IsOptional, IsString, ValidateNested, validateSync } from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SignalDto } from '../../src/activity/signal.dto.js';
import { CreateEventDto, PutFormDto } from '../../src/events/event.dto.js';
import { PutLobbyDto } from '../../src/lobby/lobby.dto.js';
import { isPlainlyValid } from '../../src/platform/http/plainly-valid.js';
import { RULES } from '../../src/platform/http/validation.js';
import { AmendRegistrationDto, RegisterDto } from '../../src/registrations/registration.dto.js';
import { CreateWebhook } from '../../src/webhooks/webhook.dto.js';

type Body = Record<string, unknown>;

const GOOD: [type: new () => object, body: Body][] = [
  [
    RegisterDto,
    {
      attendee: {
        email: 'ada@example.org',
        firstName: 'Ada',
        lastName: 'Lovelace',
        country: 'GB',
        locale: 'en',
      },
      answers: { size: 'S' },
      consents: [
        { purpose: 'terms', granted: true },
        { purpose: 'marketing', granted: false },
      ],
      sessions: ['A1', 'B2'],
      source: { utm_source: 'newsletter' },
      code: 'FRIENDS',
    },
  ],
  [AmendRegistrationDto, { attendee: { phone: null }, consents: [], sessions: ['A1'] }],
  [
    CreateEventDto,
    {
      slug: 'summit',
      name: 'Summit',
      startsAt: '2027-03-01T09:00:00Z',
      endsAt: '2027-03-02T17:00:00Z',
      timeZone: 'Europe/Berlin',
      capacity: null,
      waitlist: { capacity: 10 },
    },
  ],
  [PutFormDto, { schema: { type: 'object' }, consents: [] }],
  [PutLobbyDto, { mode: 'auto', maxActive: 100, maxPerMinute: 60 }],
  [
    SignalDto,
    {
      source: 'zoom',
      sourceId: '1',
      type: 'joined',
      person: { email: 'ada@example.org' },
      at: '2027-03-01T09:00:00Z',
    },
  ],
  [CreateWebhook, { url: 'https://example.org/hook', topics: ['*'], payload: 'thin' }],
];

const ODD = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, '', ' ', 0, -1, 1.5, true, [], {}, [[]], [null], 'x'.repeat(300)),
  fc.constantFrom<unknown>({ toString: 1 }, [{ purpose: 'terms' }], { attendee: {} }, new Map(), new Date(0)),
  fc.jsonValue(),
);

describe('A request that is let through at once', () => {
  it.each(GOOD)('is a good one, such as of %o', (type, body) => {
    const instance = plainToInstance(type, body);
    expect(validateSync(instance, RULES)).toEqual([]);
    expect(isPlainlyValid(instance)).toBe(true);
  });

  it.each(GOOD)(
    'is one that class-validator finds nothing in, whatever is changed in it: %o',
    (type, body) => {
      const paths = pathsIn(body);
      const verdicts = new Set<boolean>();
      fc.assert(
        fc.property(
          fc.constantFrom(...paths),
          ODD,
          fc.constantFrom('', 'x', '__proto__'),
          (at, odd, extra) => {
            const instance = plainToInstance(type, changed(body, at, odd, extra));
            const isFaultless = validateSync(instance, RULES).length === 0;
            verdicts.add(isFaultless);
            if (isPlainlyValid(instance)) expect(isFaultless).toBe(true);
          },
        ),
        { numRuns: 500 },
      );
      expect(verdicts.size).toBe(2);
    },
  );

  it('has no rules of a kind that only class-validator knows', () => {
    class Grouped {
      @IsString({ groups: ['some'] }) text = 'text';
    }
    class Promised {
      @ValidateNested() @IsOptional() later = Promise.resolve({});
    }
    class Bare {}
    for (const instance of [new Grouped(), new Promised(), new Bare()]) {
      expect(isPlainlyValid(instance)).toBe(false);
    }
  });
});

function pathsIn(value: unknown, prefix: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [prefix];
  const below = Object.entries(value).flatMap(([name, part]) => pathsIn(part, [...prefix, name]));
  return prefix.length > 0 ? [prefix, ...below] : below;
}

function changed(body: Body, at: readonly string[], odd: unknown, extra: string): Body {
  const copy = structuredClone(body);
  let place = copy;
  for (const name of at.slice(0, -1)) place = place[name] as Body;
  place[at.at(-1)!] = odd;
  if (extra) Object.defineProperty(place, extra, { value: 1, enumerable: true });
  return copy;
}
