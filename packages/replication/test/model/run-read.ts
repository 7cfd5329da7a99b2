import { zeroTimestamp, type Version } from '@kv/hlc';
import type { RecordView } from '@kv/storage';

import {
  createReadCore,
  type ReadAnswer,
  type ReadEffect,
  type ReadInput,
  type WriteAnswer,
} from '../../src/index.js';
import type { FakeNode } from './fake-node.js';
import type { World } from './simulate.js';

export interface ReadOutcome {
  readonly version: Version | undefined;
  /** Undefined = not found. */
  readonly value: string | undefined;
}

const text = new TextDecoder();

/** Drives one read core at a coordinator; a failed read answers nothing. */
export function runRead(
  world: World,
  key: string,
  call: { readonly coordinator: FakeNode; readonly timeoutMs: number },
  answer: (outcome: ReadOutcome) => void,
): void {
  const { coordinator, timeoutMs } = call;
  const { faults, queue, tally } = world;
  const { life } = coordinator;
  const owners = world.replicas.map(({ number }) => number);
  const quorum = (owners.length >>> 1) + 1;
  const core = createReadCore({
    owners,
    required: faults.readOne === true ? 1 : world.chance(0.1) ? owners.length : quorum,
    writeQuorum: faults.readOne === true ? 1 : quorum,
    at: coordinator.hlc.current(),
  });
  const input = (next: ReadInput): void => {
    if (coordinator.life === life && coordinator.up) core.step(next).forEach(execute);
  };
  const each = (to: readonly number[], run: (replica: FakeNode) => void): void => {
    for (const number of to) run(world.replicas.find((replica) => replica.number === number)!);
  };
  /** There and back; nothing comes back from a replica that died in between. */
  const exchange = <Answer>(
    replica: FakeNode,
    ask: (reply: (answer: Answer) => void) => void,
    hear: (answer: Answer | { kind: 'unreachable'; sent: true }) => void,
  ): void => {
    world.deliverTo(replica, () => {
      const replicaLife = replica.life;
      ask((answered) => {
        if (replica.life === replicaLife) world.deliver(() => hear(answered));
      });
    });
    queue.after(timeoutMs * 0.8, () => hear({ kind: 'unreachable', sent: true }));
  };
  const query = ({ round, at, to }: ReadEffect & { kind: 'query' }): void => {
    if (round > 1) tally.repeatedReads += 1;
    each(to, (replica) => {
      const hear = (answered: ReadAnswer): void => {
        const silenced =
          faults.ignoreReplicaTime === true && answered.kind !== 'unreachable'
            ? { ...answered, hlcTime: zeroTimestamp }
            : answered;
        input({ kind: 'answer', from: replica.number, round, answer: silenced });
      };
      exchange<ReadAnswer>(replica, (reply) => replica.read(key, at, reply), hear);
    });
  };
  const writeBack = ({ round, record, to }: ReadEffect & { kind: 'write-back' }): void => {
    tally.writeBacks += 1;
    each(to, (replica) => {
      const hear = (answered: WriteAnswer): void =>
        input({ kind: 'write-back-answer', from: replica.number, round, record, answer: answered });
      if (faults.skipWriteBack === true) {
        queue.after(0, () => hear({ kind: 'stored', ...facts }));
      } else {
        exchange<WriteAnswer>(replica, (reply) => replica.repair(key, record, reply), hear);
      }
    });
  };
  const repair = (record: RecordView, to: readonly number[]): void => {
    tally.repairs += 1;
    each(to, (replica) => world.deliverTo(replica, () => replica.repair(key, record, () => undefined)));
  };
  const execute = (effect: ReadEffect): void => {
    switch (effect.kind) {
      case 'query':
        query(effect);
        return;
      case 'write-back':
        writeBack(effect);
        return;
      case 'repair':
        repair(effect.record, effect.to);
        return;
      case 'answered': {
        const { result } = effect;
        const outcome =
          result.kind === 'found'
            ? { version: result.record.version, value: text.decode(result.record.value) }
            : { version: result.version, value: undefined };
        world.deliverToClient(() => answer(outcome));
        return;
      }
      case 'look-again':
        return;
      case 'clash':
        throw new Error('two records of one version');
      case 'failed':
        return;
    }
  };
  input({ kind: 'start' });
  queue.after(timeoutMs, () => input({ kind: 'deadline' }));
}

const facts = { hlcTime: zeroTimestamp, purgeFloor: zeroTimestamp, epoch: 1, incarnations: [] };
