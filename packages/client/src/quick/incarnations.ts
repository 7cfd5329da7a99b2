import type { MemberIncarnation } from '@kv/proto';

/** Rule 15: where they differ, one of two owners may know that the other's answer counts for nothing any more. */
export function sameIncarnations(a: readonly MemberIncarnation[], b: readonly MemberIncarnation[]): boolean {
  // Nearly always none are known.
  if (a.length !== b.length) return false;
  return a.every(({ member, incarnation }) =>
    b.some((other) => other.member === member && other.incarnation === incarnation),
  );
}
