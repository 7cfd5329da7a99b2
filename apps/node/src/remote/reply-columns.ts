/** What the columns of all replies have in common. */
import { isErrorCode } from '@kv/errors';
import { type Timestamp, zeroTimestamp } from '@kv/hlc';
import type { Refusal } from '@kv/replication';

import { checkedTimestamp } from './message-header.js';

/** Nothing is purged in almost all partitions: no column then. */
export function noteFloor(
  floors: number[],
  {
    index,
    count,
    purgeFloor,
  }: { readonly index: number; readonly count: number; readonly purgeFloor: Timestamp },
): void {
  if (purgeFloor === zeroTimestamp) return;
  while (floors.length < count) floors.push(zeroTimestamp);
  floors[index] = purgeFloor;
}

export function floorAt(floors: readonly number[], index: number): Timestamp {
  return floors.length === 0 ? zeroTimestamp : checkedTimestamp(floors[index] ?? zeroTimestamp);
}

/** A code that this version does not know still is a definite refusal. */
export function refusal(code: string | undefined): Refusal {
  return { kind: 'refused', code: code !== undefined && isErrorCode(code) ? code : 'internal' };
}
