import type { Key, KeyKind } from './systems/system.js';

const prefix = 'key-';
const digits = 10;
const keyBytes = prefix.length + digits;

/** Keys `key-0000000042`, by number. */
export interface Keys {
  /** The same array each time, with the keys of these numbers: byte keys are good until the next call. */
  group(numbers: Uint32Array): readonly Key[];
  /** One: if of bytes, good for as many further calls as a group is large. */
  one(number: number): Key;
}

/**
 * Byte keys are written anew into the same memory for each group, as they would come in from a socket: a million Buffers
 * would burden the collector of garbage in every system alike. String keys are made beforehand, flat: an application that
 * has strings has them.
 */
export function createKeys(kind: KeyKind, { count, groupSize }: { count: number; groupSize: number }): Keys {
  return kind === 'bytes' ? createByteKeys(groupSize) : createStringKeys(count);
}

function createByteKeys(groupSize: number): Keys {
  const slab = Buffer.alloc(groupSize * keyBytes);
  const all = Array.from({ length: groupSize }, (_, index) => {
    slab.write(prefix, index * keyBytes, 'latin1');
    return slab.subarray(index * keyBytes, (index + 1) * keyBytes);
  });
  let slot = 0;
  return {
    group(numbers) {
      for (let index = 0; index < numbers.length; index += 1) {
        writeDigits(slab, (index + 1) * keyBytes, numbers[index]!);
      }
      return numbers.length === groupSize ? all : all.slice(0, numbers.length);
    },
    one(number) {
      slot = (slot + 1) % groupSize;
      writeDigits(slab, (slot + 1) * keyBytes, number);
      return all[slot]!;
    },
  };
}

function writeDigits(into: Buffer, end: number, number: number): void {
  let rest = number;
  for (let at = end - 1; at >= end - digits; at -= 1) {
    const tenth = (rest / 10) >>> 0;
    into[at] = 48 + rest - tenth * 10;
    rest = tenth;
  }
}

function createStringKeys(count: number): Keys {
  // Through bytes: what string functions give may be a rope, which the first use would have to flatten.
  const names = Array.from({ length: count }, (_, number) =>
    Buffer.from(nameOf(number), 'latin1').toString('latin1'),
  );
  return {
    group: (numbers) => Array.from(numbers, (number) => names[number]!),
    one: (number) => names[number]!,
  };
}

function nameOf(number: number): string {
  return prefix + String(number).padStart(digits, '0');
}
