import { describe, expect, it } from '@jest/globals';

import { reservedKeptMs, reservedVersionsMax } from '../limits.js';
import { ReservedVersions } from './reserved-versions.js';

const version = (timestamp: number) => ({ timestamp, node: 65_537 });

function keeping(...timestamps: readonly number[]): ReservedVersions {
  const reserved = new ReservedVersions();
  for (const timestamp of timestamps) reserved.keep(version(timestamp), 0);
  return reserved;
}

function takeAll(reserved: ReservedVersions, nowMs = 0): (number | undefined)[] {
  const taken: number[] = [];
  for (;;) {
    const one = reserved.take(0, nowMs);
    if (one === undefined) return taken;
    taken.push(one.timestamp);
  }
}

describe('reserved versions', () => {
  it('are used once each, the greatest first', () => {
    expect(takeAll(keeping(5, 9, 7))).toEqual([9, 7, 5]);
    expect(keeping().take(0, 0)).toBeUndefined();
  });

  it('are used only above what is asked for, and stay for others', () => {
    const reserved = keeping(5, 9);
    expect(reserved.take(9, 0)).toBeUndefined();
    expect(reserved.take(8, 0)).toEqual(version(9));
    expect(takeAll(reserved)).toEqual([5]);
  });

  it('become too old', () => {
    const reserved = keeping(5);
    reserved.keep(version(4), 1);
    expect(takeAll(reserved, reservedKeptMs)).toEqual([4]);
    expect(takeAll(keeping(5), reservedKeptMs - 1)).toEqual([5]);
  });

  it('are no more than so many, the greatest', () => {
    const timestamps = Array.from({ length: reservedVersionsMax + 2 }, (_, index) => index + 1);
    expect(takeAll(keeping(...timestamps.toReversed()))).toEqual(timestamps.slice(2).toReversed());
  });

  it('are none where a node tells none, or no timestamp', () => {
    const reserved = new ReservedVersions();
    reserved.keep(undefined, 0);
    reserved.keep(version(2 ** 53), 0);
    expect(reserved.take(0, 0)).toBeUndefined();
  });
});
