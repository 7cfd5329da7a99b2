import { KvError } from '@kv/errors';

import { base64Of, bytesOfBase64, textOf } from './bytes.js';

/** What a line of NDJSON says. */
export interface RecordLine {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Unix milliseconds; undefined = never. */
  readonly expiresAtMs: number | undefined;
}

/** Fields of the line; bytes that are no UTF-8 go into `keyBase64` and `valueBase64`. */
export function recordFields({ key, value, expiresAtMs }: RecordLine): Record<string, unknown> {
  return {
    ...bytesField('key', key),
    ...bytesField('value', value),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  };
}

export function bytesField(name: string, bytes: Uint8Array): Record<string, string> {
  const text = textOf(bytes);
  return text === undefined ? { [`${name}Base64`]: base64Of(bytes) } : { [name]: text };
}

/** Reads a line. Throws a KvError that says what is wrong with it; fields that are not ours are passed over. */
export function parseRecordLine(line: Uint8Array): RecordLine {
  const text = textOf(line);
  if (text === undefined) throw invalid('is not UTF-8');
  const fields = parseObject(text);
  return {
    key: parseBytes('key', fields),
    value: parseBytes('value', fields),
    expiresAtMs: parseExpiry(fields['expiresAtMs']),
  };
}

function parseObject(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalid('is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw invalid('is no JSON object');
  return parsed as Record<string, unknown>;
}

function parseBytes(name: 'key' | 'value', fields: Record<string, unknown>): Uint8Array {
  const text = fields[name];
  const base64 = fields[`${name}Base64`];
  if (text !== undefined && base64 !== undefined) throw invalid(`has both ${name} and ${name}Base64`);
  if (typeof text === 'string') {
    if (loneSurrogate.test(text)) throw invalid(`: ${name} holds half of a surrogate pair`);
    return encoder.encode(text);
  }
  if (text !== undefined) throw invalid(`: ${name} is not a string`);
  if (base64 === undefined) throw invalid(`has neither ${name} nor ${name}Base64`);
  const bytes = typeof base64 === 'string' ? bytesOfBase64(base64) : undefined;
  if (bytes === undefined) throw invalid(`: ${name}Base64 is not base64`);
  return bytes;
}

function parseExpiry(expiresAtMs: unknown): number | undefined {
  if (expiresAtMs === undefined || expiresAtMs === null) return undefined;
  if (Number.isSafeInteger(expiresAtMs) && (expiresAtMs as number) > 0) return expiresAtMs as number;
  throw invalid(': expiresAtMs is not a whole number of Unix milliseconds');
}

const encoder = new TextEncoder();
const loneSurrogate = /\p{Surrogate}/u;

function invalid(what: string): KvError {
  return new KvError('invalid-argument', what.startsWith(':') ? what.slice(2) : `the line ${what}`, {
    outcome: 'not-applied',
  });
}
