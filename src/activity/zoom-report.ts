import { createHash } from 'node:crypto';
import { atWallClock } from '../events/agenda-time.js';
import { readCsv } from './csv.js';

/** One stay of one participant, as a signal of the API. */
export interface ReportedStay {
  readonly source: 'zoom';
  readonly sourceId: string;
  readonly type: 'joined';
  readonly person: { readonly email: string };
  readonly session?: string;
  readonly at: string;
  readonly until: string;
}

export interface ZoomReport {
  readonly stays: readonly ReportedStay[];
  /** Rows of people whose e-mail the report does not tell; nobody can know who they are. */
  readonly withoutEmail: number;
  /** By line of the file, from 1. */
  readonly faults: readonly { readonly row: number; readonly message: string }[];
}

const COLUMNS = { email: /^(user )?email$/i, joined: /^join time$/i, left: /^leave time$/i };
const US_TIME = /^(\d{1,2})\/(\d{1,2})\/(\d{4}),? (\d{1,2}):(\d\d)(?::(\d\d))?(?: ([AP]M))?$/i;
const ISO_TIME = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?$/;

/**
 * Reads the participants of a Zoom report, with the meeting's own lines above them or without. Each row is one stay:
 * who rejoined or came with two devices has several, and the union of them counts.
 * @param timeZone of the account: the report's times name none
 * @param place `sourceId` is made of it and of the row, so that the same report is taken in once
 */
export function readZoomReport(
  text: string,
  { timeZone, place, session }: { timeZone: string; place: string; session?: string | undefined },
): ZoomReport {
  const rows = readCsv(text);
  const header = rows.findIndex((row) => Object.values(COLUMNS).every((name) => indexOf(row, name) >= 0));
  if (header < 0) throw new Error('the file has no columns User Email, Join Time and Leave Time');
  const [email, joined, left] = Object.values(COLUMNS).map((name) => indexOf(rows[header]!, name));
  const faults: { row: number; message: string }[] = [];
  const stays: ReportedStay[] = [];
  let withoutEmail = 0;
  rows.slice(header + 1).forEach((row, i) => {
    const told = [row[email!], row[joined!], row[left!]].map((field) => field?.trim() ?? '');
    const [at, until] = [readTime(told[1]!, timeZone), readTime(told[2]!, timeZone)];
    if (!at || !until) faults.push({ row: header + 2 + i, message: 'has times that cannot be read' });
    else if (until < at) faults.push({ row: header + 2 + i, message: 'ends before it begins' });
    else if (told[0] === '') withoutEmail++;
    else {
      const sourceId = createHash('sha256')
        .update([place, told[0]!.toLowerCase(), at.toISOString(), until.toISOString()].join('\n'))
        .digest('hex');
      stays.push({
        source: 'zoom',
        sourceId,
        type: 'joined',
        person: { email: told[0]! },
        ...(session === undefined ? {} : { session }),
        at: at.toISOString(),
        until: until.toISOString(),
      });
    }
  });
  return { stays, withoutEmail, faults };
}

function indexOf(row: readonly string[], name: RegExp): number {
  return row.findIndex((field) => name.test(field.trim()));
}

function readTime(text: string, timeZone: string): Date | null {
  const us = US_TIME.exec(text);
  const iso = us ? null : ISO_TIME.exec(text);
  if (!us && !iso) return null;
  const [year, month, day] = us ? [us[3], us[1], us[2]] : [iso![1], iso![2], iso![3]];
  const [hour, minute, second] = us ? [us[4], us[5], us[6]] : [iso![4], iso![5], iso![6]];
  const half = us?.[7]?.toUpperCase();
  const hours = half ? (Number(hour) % 12) + (half === 'PM' ? 12 : 0) : Number(hour);
  const wall = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    hours,
    Number(minute),
    Number(second ?? 0),
  );
  const isDay = new Date(wall).getUTCDate() === Number(day) && Number(month) <= 12 && hours < 24;
  return isDay ? atWallClock(timeZone, wall) : null;
}
