// Imported: as a global it is looked up, by way of a getter, at each use.
import { Buffer, isUtf8 } from 'node:buffer';

import { KvError } from '@kv/errors';

/** What each encoding gives back. */
export interface DecodedTypes {
  /** Text. Bytes that are no valid UTF-8 are refused, both ways: replacing them would lose data silently. */
  utf8: string;
  /** Anything `JSON.stringify` can write. */
  json: unknown;
  /** Bytes as they are; a string given is written as UTF-8. */
  binary: Uint8Array;
}

/** What each encoding takes. */
export interface EncodableTypes {
  utf8: string | Uint8Array;
  json: unknown;
  binary: string | Uint8Array;
}

export type Encoding = keyof DecodedTypes;

export const encodings: readonly Encoding[] = ['utf8', 'json', 'binary'];

type Subject = 'key' | 'value' | 'prefix';

export interface Codec<E extends Encoding> {
  /** Bytes of the client's own: the caller may change what it passed in, while retries still send this. */
  encode(input: EncodableTypes[E], subject: Subject): Uint8Array<ArrayBuffer>;
  /** A copy: received bytes are a window into the whole message and would keep it in memory. */
  decode(bytes: Uint8Array, subject: Subject): DecodedTypes[E];
}

export function codecOf<E extends Encoding>(encoding: E): Codec<E> {
  return codecs[encoding];
}

const codecs: { readonly [E in Encoding]: Codec<E> } = {
  utf8: {
    encode(input, subject) {
      const bytes = encodePlain(input, subject);
      if (typeof input !== 'string' && !isUtf8(bytes)) throw notUtf8(subject);
      return bytes;
    },
    decode: decodeText,
  },
  json: {
    encode(input, subject) {
      // Undefined for undefined, functions and symbols, whatever the type says.
      const text = JSON.stringify(input) as string | undefined;
      if (text === undefined) throw new TypeError(`${subject}: JSON cannot hold ${typeof input}`);
      return Buffer.from(text, 'utf8');
    },
    decode(bytes, subject) {
      const text = decodeText(bytes, subject);
      try {
        return JSON.parse(text) as unknown;
      } catch (cause) {
        throw new KvError('invalid-argument', `the stored ${subject} is not JSON; read it as 'utf8'`, {
          cause,
        });
      }
    },
  },
  binary: {
    encode: encodePlain,
    decode: (bytes) => new Uint8Array(bytes),
  },
};

function encodePlain(input: string | Uint8Array, subject: Subject): Uint8Array<ArrayBuffer> {
  if (typeof input === 'string') {
    if (!isWellFormed(input)) {
      throw new KvError(
        'invalid-argument',
        `the ${subject} holds half of a surrogate pair, which no UTF-8 can carry`,
      );
    }
    return Buffer.from(input, 'utf8');
  }
  // Not instanceof: bytes of another realm are bytes too.
  if (ArrayBuffer.isView(input) && Object.prototype.toString.call(input) === '[object Uint8Array]') {
    return Buffer.from(input);
  }
  throw new TypeError(`${subject}: a string or a Uint8Array is needed, not ${nameOfType(input)}`);
}

/** Part of the language since ES2024, and of node 20; not of the types that this compiles with. */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function decodeText(bytes: Uint8Array, subject: Subject): string {
  if (!isUtf8(bytes)) throw notUtf8(subject);
  return asBuffer(bytes).toString('utf8');
}

/** The generated messages want Buffers; a view, no copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function notUtf8(subject: Subject): KvError {
  return new KvError(
    'invalid-argument',
    `the ${subject} is not valid UTF-8; use the encoding 'binary' for it`,
  );
}

export function nameOfType(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
