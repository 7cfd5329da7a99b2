/**
 * `node.json`, the file by which a data directory remembers whose it is.
 *
 * It is written once, before the first use of the directory: to a temporary name, synced, renamed, directory synced. So
 * it is either absent or complete, and `digest` tells a file that was edited or has rotted: a node that came up under
 * another number would issue versions that are not its own (protocol rules 17, 22).
 */
import { KvError } from '@kv/errors';
import type { FileSystem } from '@kv/storage';

import { isNodeId } from '../configuration/peer-list.js';
import { clusterIdOf, type ClusterShape } from './cluster-identity.js';
import { openSealedJson, sealJson } from './sealed-json.js';
import { readWholeFile, writeWholeFile } from './whole-file.js';

export interface NodeIdentity extends ClusterShape {
  readonly clusterId: string;
  readonly id: string;
  /** 32 hexadecimal digits, drawn when the directory was made: tells a new one from one that was wiped (rule 15). */
  readonly directoryId: string;
}

const name = 'node.json';
const format = 2;

/** @returns undefined for a directory that no node has used yet */
export async function readNodeFile(
  directory: string,
  fileSystem: FileSystem,
): Promise<NodeIdentity | undefined> {
  const bytes = await readWholeFile({ directory, name }, fileSystem);
  if (bytes === undefined) return undefined;
  const identity = decode(bytes);
  if (identity !== undefined) return identity;
  throw new KvError(
    'corrupt',
    `${directory}/${name} is damaged: it does not say any more whose data this is`,
  );
}

export async function writeNodeFile(
  directory: string,
  identity: NodeIdentity,
  fileSystem: FileSystem,
): Promise<void> {
  const { clusterId, id, directoryId, replicationFactor, partitions, peers } = identity;
  const fields = { format, clusterId, id, directoryId, replicationFactor, partitions, peers };
  await writeWholeFile({ directory, name }, sealJson(fields), fileSystem);
}

function decode(bytes: Uint8Array): NodeIdentity | undefined {
  const fields = openSealedJson(bytes);
  if (fields === undefined) return undefined;
  const { format: found, ...rest } = fields;
  if (found !== format) {
    throw new KvError('unimplemented', `${name} has format ${String(found)}, expected ${format}`);
  }
  // The digest says that these are the fields which were written; the checks below pair with it.
  const identity = rest as unknown as NodeIdentity;
  const intact = isNodeId(identity.id) && identity.clusterId === clusterIdOf(identity);
  return intact ? identity : undefined;
}
