import { InvalidArgumentError } from './errors.js';
import { checkedTimestamp, counterOf, physicalMs, timestampOf, type Timestamp } from './timestamp.js';

/** The wall clock part as a `Date`; the counter is lost. */
export function toDate(timestamp: Timestamp): Date {
  return new Date(physicalMs(checkedTimestamp(timestamp)));
}

/** The first timestamp of the date's millisecond. @throws TypeError, InvalidArgumentError */
export function fromDate(date: Date): Timestamp {
  // By its tag: a Date of another realm (a worker, a vm context, a test runner) is no `instanceof Date`.
  if (Object.prototype.toString.call(date) !== '[object Date]')
    throw new TypeError('fromDate() takes a Date');
  return timestampOf(date.getTime());
}

/**
 * ISO 8601 with the counter behind it, `2026-11-22T09:30:00.125Z.0042`: for people, yet exact. Always 29 characters, and
 * texts sort as their timestamps do.
 */
export function format(timestamp: Timestamp): string {
  return `${toDate(timestamp).toISOString()}.${String(counterOf(timestamp)).padStart(4, '0')}`;
}

const shape = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\.(\d{4})$/;

/** Reads what `format` writes, and nothing else. @throws TypeError, InvalidArgumentError */
export function parse(text: string): Timestamp {
  if (typeof (text as unknown) !== 'string')
    throw new TypeError(`parse() takes a string, got ${typeof text}`);
  const [, date, counter] = shape.exec(text) ?? [];
  if (date === undefined) throw notATimestamp(text);
  let timestamp: Timestamp;
  try {
    timestamp = timestampOf(Date.parse(date), Number(counter));
  } catch {
    throw notATimestamp(text);
  }
  // Date.parse takes 24:00:00, and some days that no month has, for the day after.
  if (format(timestamp) !== text) throw notATimestamp(text);
  return timestamp;
}

function notATimestamp(text: string): InvalidArgumentError {
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
  return new InvalidArgumentError(`a timestamp reads like 2026-11-22T09:30:00.125Z.0042, got ${shown}`);
}
