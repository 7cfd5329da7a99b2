/**
 * `node.json`, the file by which a data directory remembers whose it is.
 *
 * It is written once, before the first use of the directory: to a temporary name, synced, renamed, directory synced. So
 * it is either absent or complete, and `digest` tells a file that was edited or has rotted: a node that came up under
 * another number would issue versions that are not its own (protocol rules 17, 22).
 */
import { createHash } from 'node:crypto';

import { KvError } from '@kv/errors';
import type { FileSystem, WritableFile } from '@kv/storage';

import { isNodeId } from '../configuration/peer-list.js';
import { clusterIdOf, type ClusterShape } from './cluster-identity.js';

export interface NodeIdentity extends ClusterShape {
  readonly clusterId: string;
  readonly id: string;
  /** Of the data directory: 1 at its creation. */
  readonly incarnation: number;
}

const fileName = 'node.json';
const temporaryName = 'node.json.tmp';
const format = 1;
/** Far above what 65,535 peers need; bounds what a foreign file can make the start read. */
const fileBytesMax = 16 * 1024 * 1024;

/** @returns undefined for a directory that no node has used yet */
export async function readNodeFile(
  directory: string,
  fileSystem: FileSystem,
): Promise<NodeIdentity | undefined> {
  const names = await fileSystem.list(directory);
  if (!names.includes(fileName)) return undefined;
  const path = `${directory}/${fileName}`;
  const identity = decode(await readWhole(path, fileSystem));
  if (identity === undefined) {
    throw new KvError('corrupt', `${path} is damaged: it does not say any more whose data this is`);
  }
  return identity;
}

export async function writeNodeFile(
  directory: string,
  identity: NodeIdentity,
  fileSystem: FileSystem,
): Promise<void> {
  const temporary = `${directory}/${temporaryName}`;
  const file = await fileSystem.create(temporary);
  try {
    await writeWhole(file, encode(identity));
    await file.sync();
  } finally {
    await file.close();
  }
  await fileSystem.rename(temporary, `${directory}/${fileName}`);
  await fileSystem.syncDirectory(directory);
}

function encode(identity: NodeIdentity): Uint8Array {
  const { clusterId, id, incarnation, replicationFactor, partitions, peers } = identity;
  const fields = { format, clusterId, id, incarnation, replicationFactor, partitions, peers };
  return new TextEncoder().encode(`${JSON.stringify({ ...fields, digest: digestOf(fields) }, null, 2)}\n`);
}

function decode(bytes: Uint8Array): NodeIdentity | undefined {
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof content !== 'object' || content === null) return undefined;
  const { digest, ...fields } = content as Record<string, unknown>;
  if (digest !== digestOf(fields)) return undefined;
  const { format: found, ...rest } = fields;
  if (found !== format) {
    throw new KvError('unimplemented', `${fileName} has format ${String(found)}, expected ${format}`);
  }
  // The digest says that these are the fields which `encode` wrote; the checks below pair with it.
  const identity = rest as unknown as NodeIdentity;
  const intact = isNodeId(identity.id) && identity.clusterId === clusterIdOf(identity);
  return intact ? identity : undefined;
}

function digestOf(fields: Readonly<Record<string, unknown>>): string {
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 16);
}

async function readWhole(path: string, fileSystem: FileSystem): Promise<Uint8Array> {
  const file = await fileSystem.openForRead(path);
  try {
    const bytes = new Uint8Array(Math.min(await file.size(), fileBytesMax));
    let filled = 0;
    while (filled < bytes.length) {
      const count = await file.read(bytes.subarray(filled), filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}

async function writeWhole(file: WritableFile, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += await file.write(bytes.subarray(written), written);
}
