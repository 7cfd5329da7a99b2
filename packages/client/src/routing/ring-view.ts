import type { DescribeResponse } from '@kv/proto';
import { sharedLists } from '@kv/ring/shared-lists';

/** Who owns what, as a node told. Members are named by their places in `addresses`. */
export interface RingView {
  readonly clusterId: string;
  readonly epoch: number;
  /** So many owners are a majority of a key's. */
  readonly quorum: number;
  /** Of all members. */
  readonly addresses: readonly string[];
  /** Number of the member at this address; 0 = of none that is known. */
  memberAt(address: string): number;
  /** Places of the owners of a key's partition, ascending. @param hash xxh32 of the key, seed 0 */
  ownersOf(hash: number): readonly number[];
}

/** Undefined if this client cannot tell a key's partition from it. */
export function ringViewOf(response: DescribeResponse): RingView | undefined {
  const { clusterId, epoch, members, partitions, keyHash, replicationFactor } = response;
  if (keyHash?.algorithm !== 'xxh32' || keyHash.seed !== 0) return undefined;
  if (members.length === 0 || partitions.length === 0) return undefined;
  const { shift } = keyHash;
  if (partitions.length !== 2 ** (32 - shift)) return undefined;
  const placeOf = new Map(members.map(({ number }, place) => [number, place]));
  const numbers = new Map(members.map(({ number, address }) => [address, number]));
  // A cluster of three has one list, not a thousand.
  const owners = sharedLists(
    partitions.map(({ members: numbers }) =>
      numbers.flatMap((number) => placeOf.get(number) ?? []).sort((a, b) => a - b),
    ),
  );
  return {
    clusterId,
    epoch,
    quorum: Math.floor(replicationFactor / 2) + 1,
    addresses: members.map(({ address }) => address),
    memberAt: (address) => numbers.get(address) ?? 0,
    ownersOf: (hash) => owners[shift === 32 ? 0 : hash >>> shift]!,
  };
}
