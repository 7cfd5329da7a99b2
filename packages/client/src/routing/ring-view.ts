import type { DescribeResponse } from '@kv/proto';
import { xxh32 } from '@kv/ring/xxh32';

/** Who owns what, as a node told. */
export interface RingView {
  readonly clusterId: string;
  readonly epoch: number;
  /** Addresses of the owners of a key's partition, the primary first. */
  ownersOf(key: Uint8Array): readonly string[];
  /** Of all members. */
  readonly addresses: readonly string[];
}

/** Undefined if this client cannot tell a key's partition from it. */
export function ringViewOf(response: DescribeResponse): RingView | undefined {
  const { clusterId, epoch, members, partitions, keyHash } = response;
  if (keyHash?.algorithm !== 'xxh32' || keyHash.seed !== 0 || partitions.length === 0) return undefined;
  const { shift } = keyHash;
  if (partitions.length !== 2 ** (32 - shift)) return undefined;
  const addressOf = new Map(members.map(({ number, address }) => [number, address]));
  // Partitions share their lists: a cluster of three has six of them, not a thousand.
  const lists = new Map<string, readonly string[]>();
  const owners = partitions.map(({ members: numbers }) => {
    const name = numbers.join();
    const known = lists.get(name);
    if (known !== undefined) return known;
    const list = numbers.flatMap((number) => addressOf.get(number) ?? []);
    lists.set(name, list);
    return list;
  });
  return {
    clusterId,
    epoch,
    addresses: [...addressOf.values()],
    ownersOf: (key) => owners[shift === 32 ? 0 : xxh32(key) >>> shift]!,
  };
}
