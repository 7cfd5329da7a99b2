import { KeyArena } from './key-arena.js';

/**
 * Keys in the order of their bytes: blocks of references, each block and the blocks among themselves in order. To put a key
 * in moves at most one block's words; a list of ten million keys has some 26,000 blocks.
 */
export class OrderedKeys {
  readonly arena: KeyArena;
  #blocks: Block[] = [];
  #size = 0;

  constructor(arena = new KeyArena()) {
    this.arena = arena;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    // Where there are many blocks, nearly all have grown to the full size.
    const refs =
      this.#blocks.length === 1 ? this.#blocks[0]!.refs.length : this.#blocks.length * blockKeysMax;
    return this.arena.bytes + refs * 4 + this.#blocks.length * blockObjectBytes;
  }

  /** A key that comes after all others, and is in the arena already. */
  push(ref: number): void {
    let block = this.#blocks.at(-1);
    if (block === undefined || block.count >= blockKeysFilled) this.#blocks.push((block = emptyBlock()));
    makeRoom(block);
    block.refs[block.count] = ref;
    block.count += 1;
    this.#size += 1;
  }

  /** Does nothing if the key is there. */
  insert(key: Uint8Array): void {
    if (this.#blocks.length === 0) this.#blocks.push(emptyBlock());
    const place = this.#lowerBound(key);
    const block = this.#blocks[place.block]!;
    if (place.index < block.count && this.arena.compare(block.refs[place.index]!, key) === 0) return;
    makeRoom(block);
    block.refs.copyWithin(place.index + 1, place.index, block.count);
    block.refs[place.index] = this.arena.add(key);
    block.count += 1;
    this.#size += 1;
    if (block.count === blockKeysMax) this.#split(place.block);
  }

  /** Does nothing if the key is not there. */
  delete(key: Uint8Array): void {
    const place = this.#lowerBound(key);
    const block = this.#blocks[place.block];
    if (block === undefined || place.index >= block.count) return;
    const ref = block.refs[place.index]!;
    if (this.arena.compare(ref, key) !== 0) return;
    this.arena.remove(ref);
    block.refs.copyWithin(place.index, place.index + 1, block.count);
    block.count -= 1;
    this.#size -= 1;
    if (block.count === 0) this.#blocks.splice(place.block, 1);
  }

  /** The keys from `key` on upwards, it included unless `after`. Only good until the next change. */
  *from(key: Uint8Array | undefined, { after }: { readonly after: boolean }): Generator<Uint8Array, void> {
    const place = key === undefined ? { block: 0, index: 0 } : this.#lowerBound(key);
    let index = place.index + (after && key !== undefined && this.#isAt(place, key) ? 1 : 0);
    for (let at = place.block; at < this.#blocks.length; at += 1, index = 0) {
      const { refs, count } = this.#blocks[at]!;
      for (; index < count; index += 1) yield this.arena.get(refs[index]!);
    }
  }

  /** The keys from `key` on downwards, it included unless `after`. Only good until the next change. */
  *downFrom(
    key: Uint8Array | undefined,
    { after }: { readonly after: boolean },
  ): Generator<Uint8Array, void> {
    const end = this.#blocks.length - 1;
    const place =
      key === undefined ? { block: end, index: this.#blocks[end]?.count ?? 0 } : this.#lowerBound(key);
    let index = place.index - (!after && key !== undefined && this.#isAt(place, key) ? 0 : 1);
    for (
      let at = place.block;
      at >= 0 && this.#blocks.length > 0;
      at -= 1, index = (this.#blocks[at]?.count ?? 0) - 1
    ) {
      const { refs } = this.#blocks[at]!;
      for (; index >= 0; index -= 1) yield this.arena.get(refs[index]!);
    }
  }

  #isAt({ block, index }: Place, key: Uint8Array): boolean {
    const found = this.#blocks[block];
    return found !== undefined && index < found.count && this.arena.compare(found.refs[index]!, key) === 0;
  }

  /** Where the first key is that is not below: it may be behind the end of the last block. */
  #lowerBound(key: Uint8Array): Place {
    let low = 0;
    let high = this.#blocks.length - 1;
    // The last block that begins at or below it, or the first.
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.arena.compare(this.#blocks[middle]!.refs[0]!, key) <= 0) low = middle;
      else high = middle - 1;
    }
    const block = this.#blocks[low];
    if (block === undefined) return { block: 0, index: 0 };
    let first = 0;
    let last = block.count;
    while (first < last) {
      const middle = (first + last) >>> 1;
      if (this.arena.compare(block.refs[middle]!, key) < 0) first = middle + 1;
      else last = middle;
    }
    return { block: low, index: first };
  }

  #split(at: number): void {
    const block = this.#blocks[at]!;
    const half = block.count >>> 1;
    const second = { refs: new Uint32Array(blockKeysMax), count: block.count - half };
    second.refs.set(block.refs.subarray(half, block.count));
    block.count = half;
    this.#blocks.splice(at + 1, 0, second);
  }
}

interface Place {
  readonly block: number;
  readonly index: number;
}

interface Block {
  refs: Uint32Array;
  count: number;
}

function emptyBlock(): Block {
  return { refs: new Uint32Array(blockKeysFirst), count: 0 };
}

/** For one more. */
function makeRoom(block: Block): void {
  const { refs, count } = block;
  if (count < refs.length) return;
  block.refs = new Uint32Array(Math.min(2 * refs.length, blockKeysMax));
  block.refs.set(refs);
}

const blockKeysMax = 512;

/** The objects around its references, roughly. */
const blockObjectBytes = 160;

/** There is an order for each of a thousand partitions, most of them of a handful of keys. */
const blockKeysFirst = 16;

/** When filled in order: leaves room for some that come in between. */
const blockKeysFilled = 384;
