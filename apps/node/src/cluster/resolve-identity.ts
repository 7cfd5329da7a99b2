/**
 * Who this node is: from its data directory, or, at its first start, from what it was told.
 *
 * A directory that has been used decides. What was told as well must agree with it (protocol rule 22): under another id
 * the versions in it would be somebody else's, under another list, factor or partition count the keys in it would belong
 * to other nodes, and acknowledged data would be out of reach.
 */
import { parseEndpoint } from '../configuration/endpoint.js';
import { formatPeerList, type Peer, sortPeers } from '../configuration/peer-list.js';
import { StartFailure, type StartFailureReason } from '../errors.js';
import { defaults, type NodeOptions } from '../options.js';
import type { Random } from '../ports.js';
import { clusterIdOf, type ClusterShape } from './cluster-identity.js';
import type { NodeIdentity } from './node-file.js';

/** Fetches the shape of the cluster that `--join` names. */
export type FetchShape = (address: string) => Promise<ClusterShape>;

export interface IdentityPorts {
  readonly fetchShape: FetchShape;
  readonly random: Pick<Random, 'uint32'>;
}

export async function resolveIdentity(
  told: NodeOptions,
  stored: NodeIdentity | undefined,
  { fetchShape, random }: IdentityPorts,
): Promise<NodeIdentity> {
  const options = { ...told, peers: sorted(told.peers) };
  if (stored !== undefined) {
    refuseOther(options, stored, {
      reason: 'data-directory',
      what: `the data directory ${options.dataDirectory} belongs to ${stored.id} of cluster ${stored.clusterId}`,
    });
    checkOwnAddress(options, stored);
    return stored;
  }
  const id = options.id ?? idByDefault(options);
  const shape = options.join === undefined ? toldShape(options, id) : await fetchShape(options.join);
  const identity = { ...shape, id, directoryId: drawDirectoryId(random), clusterId: clusterIdOf(shape) };
  if (options.join !== undefined) {
    refuseOther(options, identity, { reason: 'usage', what: `the cluster of ${options.join} is another` });
  }
  checkMembership(options, identity);
  checkOwnAddress(options, identity);
  return identity;
}

function drawDirectoryId(random: Pick<Random, 'uint32'>): string {
  const words = Array.from({ length: 4 }, () => random.uint32());
  return words.map((word) => word.toString(16).padStart(8, '0')).join('');
}

/** Members are numbered in this order, so a list in another one is the same list. */
function sorted(peers: readonly Peer[] | undefined): readonly Peer[] | undefined {
  const list = peers === undefined ? undefined : sortPeers(peers);
  if (typeof list === 'string') throw new StartFailure('usage', `--peers: ${list}`);
  return list;
}

function toldShape(options: NodeOptions, id: string): ClusterShape {
  const peers: readonly Peer[] = options.peers ?? [{ id, address: '' }];
  return {
    peers,
    replicationFactor: effectiveFactor(options.replicationFactor ?? defaults.replicationFactor, peers.length),
    partitions: options.partitions ?? defaults.partitions,
  };
}

/** A small cluster keeps as many copies as it has members, unless more were asked for than the usual three. */
function effectiveFactor(factor: number, peerCount: number): number {
  if (factor <= peerCount) return factor;
  if (factor === defaults.replicationFactor) return peerCount;
  throw new StartFailure(
    'usage',
    `--replication-factor: expected at most the number of peers, ${peerCount}, got ${factor}`,
  );
}

function checkMembership({ peers, join }: NodeOptions, identity: NodeIdentity): void {
  if (identity.peers.some(({ id }) => id === identity.id)) return;
  const source = peers === undefined ? `the list of peers of ${join ?? ''}` : '--peers';
  throw new StartFailure(
    'usage',
    `--id: expected one of the members, got ${identity.id}, which ${source} does not name: ${formatPeerList(identity.peers)}`,
  );
}

/**
 * A cluster that is joined has members already, and may have one of the name that is the default: a second process under
 * its id would issue versions that are equal to its own.
 */
function idByDefault({ join }: NodeOptions): string {
  if (join === undefined) return defaults.id;
  throw new StartFailure(
    'usage',
    `--id: expected beside --join at the first start, or KV_ID: which of the members of the cluster of ${join} this node is`,
  );
}

/**
 * The list says where others look for this node. Who is elsewhere is another one under the same id, or out of reach. The
 * host to listen on tells nothing of that: it may be a wildcard, or an address behind a translation.
 */
function checkOwnAddress({ advertise, port }: NodeOptions, { id, peers }: NodeIdentity): void {
  const listed = peers.find((peer) => peer.id === id)?.address ?? '';
  if (listed === '' || listed === advertise) return;
  const expected = `the address that the list of peers has for ${id}, ${listed}`;
  if (advertise !== undefined) {
    throw new StartFailure('usage', `--advertise: expected ${expected}, got ${advertise}`);
  }
  if (port === undefined || port === parseEndpoint(listed)?.port) return;
  throw new StartFailure(
    'usage',
    `--port: expected the port of ${expected}, got ${port} (with --advertise ${listed} this node may listen elsewhere)`,
  );
}

interface KnownFrom {
  readonly reason: StartFailureReason;
  /** The beginning of a sentence that goes on with the differences. */
  readonly what: string;
}

function refuseOther(options: NodeOptions, known: NodeIdentity, source: KnownFrom): void {
  const peers = options.peers === undefined ? undefined : formatPeerList(options.peers);
  const factor = toldFactor(options, known.peers.length);
  const differences = [
    difference('--id', options.id, known.id),
    difference('--peers', peers, formatPeerList(known.peers)),
    difference('--replication-factor', factor, known.replicationFactor),
    difference('--partitions', options.partitions, known.partitions),
  ].filter((sentence) => sentence !== undefined);
  if (differences.length === 0) return;
  throw new StartFailure(source.reason, `${source.what}: ${differences.join('; ')}`);
}

function toldFactor({ replicationFactor }: NodeOptions, peerCount: number): number | undefined {
  return replicationFactor === defaults.replicationFactor
    ? Math.min(replicationFactor, peerCount)
    : replicationFactor;
}

function difference<T extends string | number>(
  flag: string,
  told: T | undefined,
  known: T,
): string | undefined {
  return told === undefined || told === known ? undefined : `${flag} is ${told} here and ${known} there`;
}
