/** Randomness that one seed replays exactly; fits every `Random` port of this repository. */
export interface SeededRandom {
  /** 0 to 2^32 - 1. */
  uint32(): number;
  /** 0 inclusive to 1 exclusive, 32 bits of it. */
  float(): number;
  /** An integer from 0 to `bound` - 1; `bound` from 1 to 2^32. */
  below(bound: number): number;
  /** One element; the array must not be empty. */
  pick<T>(from: readonly T[]): T;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}

// Inside jest every read of a global costs many times what it costs in plain node.
const { floor, imul } = Math;

/**
 * xoshiro128** (Blackman and Vigna, 2018), its 128 bits of state filled from the seed by a splitmix generator.
 * @param seed an integer; its low 32 bits count.
 */
export function createSeededRandom(seed: number): SeededRandom {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed is an integer, got ${seed}`);
  const nextSeedWord = splitMix32(seed);
  let a = nextSeedWord();
  let b = nextSeedWord();
  let c = nextSeedWord();
  let d = nextSeedWord() | 1; // the one state that never leaves itself is all zeros

  function uint32(): number {
    const result = imul(rotateLeft(imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  }

  function below(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError(`expected a bound from 1 to 2^32, got ${bound}`);
    }
    return floor((uint32() / 2 ** 32) * bound);
  }

  return {
    uint32,
    float: () => uint32() / 2 ** 32,
    below,
    pick(from) {
      const index = below(from.length);
      return from[index]!;
    },
    bytes: (length) => Uint8Array.from({ length }, () => uint32() & 0xff),
  };
}

function splitMix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = imul(state ^ (state >>> 16), 0x85ebca6b);
    word = imul(word ^ (word >>> 13), 0xc2b2ae35);
    return word ^ (word >>> 16);
  };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
