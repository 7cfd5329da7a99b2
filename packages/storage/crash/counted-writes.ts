import { encodeRecord } from '../index.js';

import { stampOf } from './engine-ports.js';

/**
 * Writes that are functions of their number, so that a process that only hears how far another got knows all that must be
 * there: write `n` (from 1) puts key `n % keys` to a value that says `n` all over.
 */
export const countedKeys = 512;

const encoder = new TextEncoder();

export function countedKey(write: number): Uint8Array {
  return encoder.encode(`counted ${write % countedKeys}`);
}

export function countedValue(write: number): Uint8Array {
  return encoder.encode(`${write}.`.repeat(1 + (write % 40)));
}

export function countedRecord(write: number): Uint8Array {
  const version = { timestamp: stampOf(write), node: 1 };
  return encodeRecord({ key: countedKey(write), value: countedValue(write), version });
}

/** Reads a key of a store; undefined: absent. */
export type ReadCounted = (key: Uint8Array) => Uint8Array | undefined;

/**
 * @param acknowledged all writes up to this number were
 * @param begunMax no write above it can have been begun
 * @returns the newest write that is there
 */
export function throwUnlessAllThere(
  read: ReadCounted,
  { acknowledged, begunMax }: { readonly acknowledged: number; readonly begunMax: number },
): number {
  let newest = 0;
  for (let slot = 0; slot < countedKeys; slot += 1) {
    const key = countedKey(slot);
    const value = read(key);
    const wanted = newestWriteOf(slot, acknowledged);
    const found = value === undefined ? 0 : Number.parseInt(Buffer.from(value).toString(), 10);
    if (value !== undefined && Buffer.compare(value, countedValue(found)) !== 0) {
      throw new Error(
        `a key has a value that was never written: ${Buffer.from(value).toString().slice(0, 40)}`,
      );
    }
    if (found < wanted) throw new Error(`write ${wanted} was acknowledged and is lost: ${found} is there`);
    if (found > begunMax || (found !== 0 && found % countedKeys !== slot)) {
      throw new Error(`write ${found} is there and was never begun`);
    }
    newest = Math.max(newest, found);
  }
  for (let write = Math.max(1, newest - countedKeys + 1); write <= newest; write += 1) {
    const value = read(countedKey(write));
    if (value === undefined || Number.parseInt(Buffer.from(value).toString(), 10) < write) {
      throw new Error(`no prefix: write ${newest} is there, ${write} is not`);
    }
  }
  return newest;
}

function newestWriteOf(slot: number, upTo: number): number {
  const below = upTo - ((((upTo - slot) % countedKeys) + countedKeys) % countedKeys);
  return below < 1 ? 0 : below;
}
