/** Keys in order, as strings of one character a byte, whose order is that of the bytes. They come, and never go. */
export class SortedKeys {
  /** Never empty ones; all keys of a block are below those of the next. Short, because a key is inserted by moving the rest. */
  readonly #blocks: string[][] = [];

  add(key: string): void {
    const at = Math.max(0, this.#blockAfter(key) - 1);
    const block = this.#blocks[at];
    if (block === undefined) {
      this.#blocks.push([key]);
      return;
    }
    block.splice(lowerBound(block, key), 0, key);
    if (block.length > blockKeysMax) this.#blocks.splice(at + 1, 0, block.splice(block.length >>> 1));
  }

  /** The least key above this one, or this one itself if `inclusive`. */
  above(key: string, { inclusive }: { readonly inclusive: boolean }): string | undefined {
    for (let at = Math.max(0, this.#blockAfter(key) - 1); at < this.#blocks.length; at += 1) {
      const block = this.#blocks[at]!;
      const index = inclusive ? lowerBound(block, key) : upperBound(block, key);
      if (index < block.length) return block[index];
    }
    return undefined;
  }

  /** The greatest key below this one, or this one itself if `inclusive`; of all keys without one. */
  below(key: string | undefined, { inclusive }: { readonly inclusive: boolean }): string | undefined {
    if (key === undefined) return this.#blocks.at(-1)?.at(-1);
    const block = this.#blocks[this.#blockAfter(key) - 1];
    if (block === undefined) return undefined;
    const index = inclusive ? upperBound(block, key) : lowerBound(block, key);
    return index > 0 ? block[index - 1] : this.#blocks[this.#blockAfter(key) - 2]?.at(-1);
  }

  /** Index of the first block that begins above the key. */
  #blockAfter(key: string): number {
    let [low, high] = [0, this.#blocks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#blocks[middle]![0]! <= key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const blockKeysMax = 512;

/** Index of the first key that is not below this one. */
function lowerBound(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first key above this one. */
function upperBound(keys: readonly string[], key: string): number {
  const index = lowerBound(keys, key);
  return keys[index] === key ? index + 1 : index;
}
