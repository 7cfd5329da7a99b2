import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  compareVersions,
  incarnationOf,
  memberOf,
  versionNode,
  type Timestamp,
  type Version,
} from './index.js';

// Few values, so that equal timestamps and equal nodes come up.
const small = fc.constantFrom(0, 1, 2, 4096, 2 ** 52, Number.MAX_SAFE_INTEGER).map((n) => n as Timestamp);
const version = fc.record({ timestamp: small, node: fc.constantFrom(0, 1, 65_536, 2 ** 31, 2 ** 32 - 1) });
const sign = (a: Version, b: Version) => Math.sign(compareVersions(a, b));

describe('version', () => {
  it('order is total: reflexive only for equals, antisymmetric, transitive', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(sign(a, b) === 0).toBe(a.timestamp === b.timestamp && a.node === b.node);
        expect(sign(a, b) + sign(b, a)).toBe(0);
        if (sign(a, b) <= 0 && sign(b, c) <= 0) expect(sign(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('timestamp ordering: the timestamp decides, the node only among equals', () => {
    const at = (timestamp: number, node: number) => ({ timestamp: timestamp as Timestamp, node });
    expect(sign(at(1, 99), at(2, 0))).toBe(-1);
    expect(sign(at(2, 0), at(2, 1))).toBe(-1);
    expect(sign(at(2, 2 ** 32 - 1), at(2, 1))).toBe(1);
  });

  it('a node holds member and incarnation, unsigned', () => {
    const part = fc.integer({ min: 0, max: 65_535 });
    fc.assert(
      fc.property(part, part, (member, incarnation) => {
        const node = versionNode({ member, incarnation });
        expect(node).toBe(member * 65_536 + incarnation);
        expect([memberOf(node), incarnationOf(node)]).toEqual([member, incarnation]);
      }),
    );
  });

  it('a node is refused when a part does not fit', () => {
    for (const wrong of [-1, 65_536, 0.5, Number.NaN]) {
      const invalid = expect.objectContaining({ code: 'invalid-argument' });
      expect(() => versionNode({ member: wrong, incarnation: 0 })).toThrow(invalid);
      expect(() => versionNode({ member: 1, incarnation: wrong })).toThrow(invalid);
    }
    expect(() => versionNode({ member: '1' as unknown as number, incarnation: 0 })).toThrow(TypeError);
  });
});
