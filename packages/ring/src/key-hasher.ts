import xxhash from 'xxhash-wasm';

export interface KeyHasher {
  /** XXH32 of the key, seed 0: an unsigned 32-bit number. @throws TypeError if the key is no Uint8Array. */
  hash(key: Uint8Array): number;
}

/** Compiles the hash once; keep the result. */
export async function loadKeyHasher(): Promise<KeyHasher> {
  const api = await xxhash();
  return {
    hash(key) {
      // A string would be hashed as no bytes at all, and every such key land in one partition.
      if (!((key as unknown) instanceof Uint8Array))
        throw new TypeError('a key to hash is a Uint8Array; encode strings first');
      return api.h32Raw(key, 0) >>> 0;
    },
  };
}
