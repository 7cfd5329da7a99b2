import { describe, expect, it } from '@jest/globals';
import type { StorageEngine } from '@kv/storage';
import {
  createManualClock,
  createManualTimers,
  createMemoryFileSystem,
  createRecordingLogger,
} from '@kv/testing';

import { openMemberMemory } from './member-memory.js';
import { createStanding, type JudgedAnswer } from './standing.js';

const accepted: JudgedAnswer = { verdict: 'accepted', remembered: [], confirmed: true };

/** Member 1 of three, with a directory on a disk in memory. */
async function setUp(fileSystem = createMemoryFileSystem()) {
  await fileSystem.makeDirectory('data');
  const engine = {
    incarnation: 1,
    logSequence: 5,
    suspectPartitions: new Set<number>(),
    beginIncarnation: (incarnation: number) => Promise.resolve(void (engine.incarnation = incarnation)),
  };
  const timers = createManualTimers(createManualClock({ nowMs: 0 }));
  const memory = await openMemberMemory('data', { fileSystem, timers });
  const logger = createRecordingLogger();
  const events: string[] = [];
  const standing = createStanding(
    { self: 1, members: 3, directoryId: 'aa' },
    { engine: engine as unknown as StorageEngine, memory, logger },
  );
  standing.start({ onAdmitted: () => events.push('admitted'), onLoss: () => events.push('loss') });
  const hear = (by: number, answer: JudgedAnswer = accepted) =>
    standing.judged(by, standing.directory(), answer);
  return { engine, memory, standing, logger, events, hear, fileSystem };
}

describe('how a node stands with its peers', () => {
  it('counts once its peers know it, and after a restart once one of them has said so again', async () => {
    const first = await setUp();
    await first.hear(2);
    expect(first.standing.isAdmitted()).toBe(false);
    await first.hear(3);
    expect(first.standing.isAdmitted()).toBe(true);
    await first.memory.close();
    const second = await setUp(first.fileSystem.crash());
    expect(second.standing.isAdmitted()).toBe(false);
    await second.hear(3);
    expect(second.standing.isAdmitted()).toBe(true);
  });

  it('rule 15: a loss that the storage notices while it runs is one: it counts again only when peers know', async () => {
    const { engine, standing, events, hear, logger } = await setUp();
    await hear(2);
    await hear(3);
    engine.incarnation = 2;
    expect(standing.isAdmitted()).toBe(false);
    await hear(2);
    expect(events).toEqual(['admitted', 'loss']);
    expect(logger.messages('warn')).toEqual(['the storage lost records']);
    await hear(3);
    expect(standing.isAdmitted()).toBe(true);
    expect(standing.incarnations()).toEqual([{ member: 1, incarnation: 2 }]);
    expect(events).toEqual(['admitted', 'loss', 'admitted']);
  });

  it('rule 15: an answer that remembers more begins an incarnation above all that is remembered', async () => {
    const { engine, standing, events, hear } = await setUp();
    const remembered = [{ member: 1, incarnation: 4, id: 'bb', logSequence: 9 }];
    await hear(2, { verdict: 'outdated', remembered, confirmed: true });
    expect([engine.incarnation, standing.isAdmitted(), events]).toEqual([5, false, ['loss']]);
  });

  it('rule 15: what a peer was told that it remembers outlives a crash', async () => {
    const { standing, fileSystem } = await setUp();
    const directory = { member: 2, incarnation: 1, id: 'cc', logSequence: 7 };
    expect(await standing.judge(directory)).toMatchObject({ verdict: 'accepted' });
    await standing.note({ member: 3, incarnation: 6 });
    const again = await setUp(fileSystem.crash());
    expect(await again.standing.judge({ ...directory, id: 'dd' })).toMatchObject({ verdict: 'outdated' });
    expect(await again.standing.judge({ ...directory, logSequence: 6 })).toMatchObject({
      verdict: 'outdated',
    });
    expect(again.standing.incarnations()).toEqual([{ member: 3, incarnation: 6 }]);
  });
});
