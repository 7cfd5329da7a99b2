/** One bit for each operation of a batch, least significant first; missing bits are 0. */
export type Bits = Uint8Array;

export function bitsOf<Item>(items: readonly Item[], isSet: (item: Item) => boolean): Bits {
  let bits = noBits;
  for (let index = 0; index < items.length; index += 1) {
    if (!isSet(items[index]!)) continue;
    if (bits === noBits) bits = new Uint8Array((items.length + 7) >>> 3);
    bits[index >>> 3]! |= 1 << (index & 7);
  }
  return bits;
}

export function bitAt(bits: Bits, index: number): boolean {
  return ((bits[index >>> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

export function hasBits(bits: Bits): boolean {
  for (let byte = 0; byte < bits.length; byte += 1) if (bits[byte] !== 0) return true;
  return false;
}

export function countBits(bits: Bits): number {
  let set = 0;
  for (let index = 0; index < bits.length * 8; index += 1) if (bitAt(bits, index)) set += 1;
  return set;
}

const noBits: Bits = new Uint8Array(0);
