import type { Placement } from '@kv/replication';
import { claimInOrder, preferenceList } from '@kv/ring';
import { sharedLists } from '@kv/ring/shared-lists';

import { memberNumberOf } from './members.js';
import type { NodeIdentity } from './node-file.js';

/** Who owns what in a cluster of fixed peers. */
export interface FixedPlacement extends Placement {
  /** Preference lists; index = partition. */
  readonly lists: readonly (readonly number[])[];
  /** Whether this member is an owner of the partition. */
  owns(partition: number): boolean;
}

/** Every member computes the same from the same list of peers: joins replayed in the order of the ids. */
export function fixedPlacement(identity: NodeIdentity): FixedPlacement {
  const lists = preferenceListsOf(identity);
  const self = memberNumberOf(identity, identity.id);
  // Bytes: asked for every record that comes, they stay in the processor's cache.
  const owned = Uint8Array.from(lists, (list) => (list.includes(self) ? 1 : 0));
  return {
    self,
    lists,
    owners: (partition) => lists[partition] ?? [],
    owns: (partition) => owned[partition] === 1,
  };
}

/** What was computed last, and from what: the nodes of a test cluster or a simulation, all in one process, share it. */
let latest: { readonly from: string; readonly lists: FixedPlacement['lists'] } | undefined;

function preferenceListsOf({ peers, partitions, replicationFactor }: NodeIdentity): FixedPlacement['lists'] {
  const from = JSON.stringify([peers.map(({ id }) => id), partitions, replicationFactor]);
  if (latest?.from === from) return latest.lists;
  const members = peers.map((peer, index) => ({ id: peer.id, number: index + 1 }));
  const assignment = claimInOrder(members, { partitions, replicationFactor });
  const lists = sharedLists(
    Array.from({ length: partitions }, (_, partition) => preferenceList(assignment, partition)),
  );
  latest = { from, lists };
  return lists;
}
