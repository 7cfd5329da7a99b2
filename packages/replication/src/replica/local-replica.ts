import { LocalGuard } from './local-guard.js';
import type { LocalReplicaPorts } from './local-ports.js';
import { LocalReads } from './local-reads.js';
import { LocalWrites } from './local-writes.js';
import type { BatchReplica, ComparableReplica } from './replica.js';

/**
 * This process's own copy: what its internal service answers with, and what its coordinator asks without a network.
 *
 * Every reply waits for the durability of what it shows (rule 7), so that a crash takes back nothing that was told.
 */
export function createLocalReplica(ports: LocalReplicaPorts): ComparableReplica & BatchReplica {
  const guard = new LocalGuard(ports);
  const writes = new LocalWrites(ports, guard);
  const reads = new LocalReads(ports, guard);
  return {
    write: (operation) => writes.write(operation),
    repair: (operation) => writes.repair(operation),
    writeBatch: (batch) => writes.writeBatch(batch),
    repairBatch: (batch) => writes.repairBatch(batch),
    read: (operation) => reads.read(operation),
    readBatch: (batch) => reads.readBatch(batch),
    scanPartition: (operation) => reads.scanPartition(operation),
    digest: (operation) => reads.digest(operation),
  };
}
