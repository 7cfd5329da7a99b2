import type { NodeIdentity } from './node-file.js';

export type MemberLiveness = 'up' | 'down';

/** One member as this node sees it. */
export interface Member {
  readonly id: string;
  /** Index in the list of peers, sorted by id, + 1: the upper 16 bits of the versions that it stamps. */
  readonly number: number;
  readonly address: string;
  readonly zone: string;
  readonly state: MemberLiveness;
}

export function memberNumberOf({ peers }: Pick<NodeIdentity, 'peers'>, id: string): number {
  return peers.findIndex((peer) => peer.id === id) + 1;
}
