import { isKvError } from '@kv/errors';
import { PreviousState } from '@kv/proto';

import type { Codec, DecodedTypes, Encoding } from '../encoding.js';

/**
 * The previous value cannot be told: a retry met its own first attempt, the caller declined it, or it does not fit the value
 * encoding. Distinct from `undefined`, which says that there was none.
 */
export const unknown: unique symbol = Symbol('kv.unknown');

/** What a write replaced. */
export type Previous<T> = T | undefined | typeof unknown;

export function decodePrevious<V extends Encoding>(
  { previous, previousValue }: { readonly previous: PreviousState; readonly previousValue: Uint8Array },
  codec: Codec<V>,
): Previous<DecodedTypes[V]> {
  if (previous === PreviousState.NONE) return undefined;
  if (previous !== PreviousState.VALUE) return unknown;
  try {
    return codec.decode(previousValue, 'value');
  } catch (error) {
    // The write succeeded, and must not look as if it had failed because of what lay there before.
    if (isKvError(error)) return unknown;
    throw error;
  }
}
