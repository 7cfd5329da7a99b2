// Cost of one decision: a whole quorum operation through its pure core, and through a coordinator over three replicas in
// memory (no network, no disk). Run: node benchmarks/replication/cores.bench.mjs. Prints JSON.
import { createHybridLogicalClock, timestampOf, versionNode, zeroTimestamp } from '@kv/hlc';
import {
  channelTo,
  createCoordinator,
  createLocalReplica,
  createReadCore,
  createStampIssuer,
  createWriteCore,
} from '@kv/replication';
import { encodeRecord, nodeFileSystem, openEngine, readRecord, systemClock, systemTimers } from '@kv/storage';

const owners = [1, 2, 3];
const at = timestampOf(Date.now());
const version = { timestamp: at, node: 1 };
const key = Buffer.from('key-00000000');
const value = Buffer.alloc(100, 7);
const record = readRecord(encodeRecord({ key, value, version }));
const facts = { hlcTime: at, purgeFloor: zeroTimestamp, epoch: 1, incarnations: [] };
const stored = { kind: 'stored', previous: record, ...facts };
const found = { kind: 'found', record, ...facts };
const absent = { kind: 'absent', ...facts };

function write() {
  const core = createWriteCore({ owners, required: 2, version, wantPrevious: true });
  core.step({ kind: 'start' });
  core.step({ kind: 'answer', from: 1, round: 1, answer: stored });
  return core.step({ kind: 'answer', from: 2, round: 1, answer: stored });
}

function read(second) {
  const core = createReadCore({ owners, required: 2, writeQuorum: 2, at });
  core.step({ kind: 'start' });
  core.step({ kind: 'answer', from: 1, round: 1, answer: found });
  core.step({ kind: 'answer', from: 2, round: 1, answer: second });
  return core.step({ kind: 'answer', from: 3, round: 1, answer: found });
}

function microsecondsPerCall(calls, run) {
  for (let call = 0; call < calls / 10; call += 1) run();
  const began = performance.now();
  for (let call = 0; call < calls; call += 1) run();
  return ((performance.now() - began) * 1000) / calls;
}

async function coordinator() {
  const ports = { fileSystem: nodeFileSystem(), clock: systemClock(), timers: systemTimers() };
  const view = { epoch: () => 1, owns: () => true, incarnations: () => [] };
  const nodes = await Promise.all(
    owners.map(async () => {
      const engine = await openEngine({ directory: ':memory:', snapshotIntervalMs: 0 }, ports);
      const hlc = createHybridLogicalClock({}, ports);
      return { engine, hlc, replica: createLocalReplica({ engine, hlc, clock: ports.clock, view }) };
    }),
  );
  const { engine, hlc } = nodes[0];
  const channels = nodes.map(({ replica }, index) => channelTo(index + 1, replica, ports.clock));
  return createCoordinator(
    { node: versionNode({ member: 1, incarnation: 1 }), replicationFactor: 3, partitions: 1024 },
    {
      placement: { self: 1, owners: () => owners },
      replica: (member) => channels[member - 1],
      stamps: createStampIssuer({ hlc, fence: { verdict: () => 'ok' }, ceilings: engine }),
      hlc,
      ...ports,
      random: { float: Math.random },
    },
  );
}

async function operationsPerSecond(operations, inFlight, run) {
  let left = operations;
  const began = performance.now();
  const worker = async () => {
    while (left-- > 0) await run(left % 10_000);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return operations / ((performance.now() - began) / 1000);
}

const store = await coordinator();
const keyOf = (index) => Buffer.from(`key-${index}`);
const put = (index) => store.put({ key: keyOf(index), value, consistency: 'quorum', wantPrevious: true });
const get = (index) => store.get({ key: keyOf(index), consistency: 'quorum' });
await operationsPerSecond(20_000, 64, put);
console.log(
  JSON.stringify({
    coreWriteUs: microsecondsPerCall(200_000, write),
    coreReadUs: microsecondsPerCall(200_000, () => read(found)),
    coreReadWriteBackUs: microsecondsPerCall(200_000, () => read(absent)),
    coordinatorPutPerSecond: Math.round(await operationsPerSecond(50_000, 64, put)),
    coordinatorGetPerSecond: Math.round(await operationsPerSecond(50_000, 64, get)),
  }),
);
