import { KvError } from '@kv/errors';

import { copyOf } from '../memory/copies.js';

/**
 * How keys and values become bytes. `utf8`: text, of which only what UTF-8 can carry is accepted, and returned. `json`:
 * whatever `JSON.stringify` can write. `binary`: bytes, returned as copies; text given becomes UTF-8. `view`: like
 * `binary`, but returned as views of the store's own memory, without a copy: they stay right for as long as they are held,
 * whatever is written later; they must not be written to; and each one held keeps up to 16 MiB of memory from being given back.
 */
export type Encoding = 'utf8' | 'json' | 'binary' | 'view';

/** What is returned at each encoding. */
export interface Decoded {
  readonly utf8: string;
  readonly json: unknown;
  readonly binary: Uint8Array;
  readonly view: Uint8Array;
}

/** What is accepted at each encoding. */
export interface Encodable {
  readonly utf8: string;
  readonly json: unknown;
  readonly binary: Uint8Array | string;
  readonly view: Uint8Array | string;
}

export type Role = 'key' | 'value';

export interface Codec<Name extends Encoding> {
  /** What `decode` returns lies in `bytes`. */
  readonly givesViews: boolean;
  /** Bytes, or a text that stands for its UTF-8; what `bytesOf` refuses in it is left in. */
  plain(value: Encodable[Name], role: Role): Uint8Array | string;
  /** What lies in `bytes` from `start` to `end`. */
  decode(bytes: Uint8Array, start: number, end: number, role: Role): Decoded[Name];
}

export function codecFor<Name extends Encoding>(option: string, name: Name): Codec<Name> {
  if (typeof name !== 'string') throw new TypeError(`${option} must be a string`);
  if (!Object.hasOwn(codecs, name)) {
    throw new KvError(
      'invalid-argument',
      `${option}: '${name}' is none of ${Object.keys(codecs).join(', ')}`,
    );
  }
  return codecs[name];
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const codecs: { readonly [Name in Encoding]: Codec<Name> } = {
  utf8: { givesViews: false, plain: plainText, decode: decodeText },
  json: {
    givesViews: false,
    plain(value, role) {
      // Declared as string, but undefined for what JSON has no form for.
      const text = JSON.stringify(value) as string | undefined;
      if (text === undefined) throw new TypeError(`a ${role} of type ${typeof value} has no JSON form`);
      return text;
    },
    decode(bytes, start, end, role) {
      const text = decodeText(bytes, start, end, role);
      try {
        return JSON.parse(text) as unknown;
      } catch (error) {
        throw new KvError(
          'invalid-argument',
          `the stored ${role} is no JSON: open with another ${role}Encoding`,
          { cause: error },
        );
      }
    },
  },
  binary: { givesViews: false, plain: plainBytes, decode: copyOf },
  view: {
    givesViews: true,
    plain: plainBytes,
    decode: (bytes, start, end) => new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start),
  },
};

/** @throws KvError `invalid-argument` for a text that UTF-8 cannot carry */
export function bytesOf(plain: Uint8Array | string, role: Role): Uint8Array {
  if (typeof plain !== 'string') return plain;
  // Encoding would replace it by another character, under which the key is never found again.
  if (/\p{Surrogate}/u.test(plain)) {
    throw new KvError('invalid-argument', `the ${role} has a lone surrogate, which UTF-8 cannot carry`);
  }
  // From Node's pool, unlike a TextEncoder's: short ones need no allocation of their own.
  return Buffer.from(plain, 'utf8');
}

function plainBytes(value: Uint8Array | string, role: Role): Uint8Array | string {
  if (value instanceof Uint8Array || typeof value === 'string') return value;
  throw new TypeError(`a ${role} must be a Uint8Array or a string`);
}

function plainText(text: unknown, role: Role): string {
  if (typeof text !== 'string') throw new TypeError(`a ${role} must be a string`);
  return text;
}

function decodeText(bytes: Uint8Array, start: number, end: number, role: Role): string {
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch (error) {
    throw new KvError(
      'invalid-argument',
      `the stored ${role} is no UTF-8: open with ${role}Encoding 'binary'`,
      { cause: error },
    );
  }
}
