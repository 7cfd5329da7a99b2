import { describe, expect, it } from '@jest/globals';

import { sameAnswer, writeAnswersOf } from '../src/index.js';
import { afterwardsMs, fewBytes, fewOperations } from '../src/limits.js';
import {
  all,
  hedgeAfterMs,
  keys,
  lastTo,
  putAll,
  stored,
  warmedUp,
  type World,
} from './model/flights-world.js';

const askedBy = ({ writes }: World) => writes.map(({ to }) => to);
/** A few keys, and whom a write of them asks beside the own copy. */
async function putFew(world: World) {
  world.writes.length = 0;
  const callers = await putAll(world, keys.slice(0, fewOperations));
  const second = askedBy(world)[0]!;
  return { callers, second, third: 5 - second, answers: writeAnswersOf(all(callers.length, stored)) };
}
const areTold = ({ callers }: Awaited<ReturnType<typeof putFew>>) =>
  callers.every(({ caller }) => caller.results.length === 1);

describe('few writes with nothing else under way', () => {
  it('ask a quorum, and the third owner a moment later', async () => {
    const world = await warmedUp();
    const few = await putFew(world);
    expect(askedBy(world)).toEqual([few.second, 1]);
    lastTo(1, world.writes).answer(few.answers);
    lastTo(few.second, world.writes).answer(few.answers);
    expect(areTold(few)).toBe(true);
    await world.timers.advanceAsync(afterwardsMs);
    expect(askedBy(world)).toEqual([few.second, 1, few.third]);
    expect(lastTo(few.third, world.writes).request.count).toBe(fewOperations);
  });

  it('ask everybody at once if they are more, larger, or others are under way', async () => {
    const crowded = await warmedUp();
    await putAll(crowded, keys.slice(0, fewOperations + 1));
    expect(askedBy(crowded).sort()).toEqual([1, 2, 3]);
    const large = await warmedUp();
    await putAll(large, ['k'], { value: 'v'.repeat(fewBytes) });
    expect(askedBy(large).sort()).toEqual([1, 2, 3]);
    const world = await warmedUp();
    const { second, answers } = await putFew(world);
    await putAll(world, ['other']);
    expect(askedBy(world).slice(2).sort()).toEqual([1, 2, 3]);
    for (const message of [...world.writes]) message.answer(answers);
    const { length } = world.writes;
    await putAll(world, ['later']);
    expect(askedBy(world).slice(length)).toEqual([second, 1]);
  });

  it('ask the third owner at once if the second cannot be reached', async () => {
    const world = await warmedUp();
    const { second, third } = await putFew(world);
    lastTo(second, world.writes).answer(sameAnswer({ kind: 'unreachable', sent: false }));
    expect(askedBy(world)).toEqual([second, 1, third]);
    await world.timers.advanceAsync(afterwardsMs);
    expect(world.writes).toHaveLength(3);
  });

  it('wait for their second owner as others are given their third', async () => {
    const world = await warmedUp();
    const first = await putFew(world);
    lastTo(1, world.writes).answer(first.answers);
    lastTo(first.second, world.writes).answer(first.answers);
    await world.timers.advanceAsync(afterwardsMs - 1);
    world.writes.length = 0;
    const young = await putAll(world, keys.slice(0, fewOperations));
    await world.timers.advanceAsync(1);
    expect(askedBy(world)).toEqual([first.second, 1, first.third]);
    expect(young.every(({ caller }) => caller.results.length === 0)).toBe(true);
    lastTo(1, world.writes).answer(first.answers);
    lastTo(first.second, world.writes).answer(first.answers);
    expect(young.every(({ caller }) => caller.results.length === 1)).toBe(true);
    expect((await putFew(world)).second).toBe(first.second);
  });

  it('ask the third owner soon if the second hangs, and pass that over until it answers in time', async () => {
    const world = await warmedUp();
    const few = await putFew(world);
    await world.timers.advanceAsync(hedgeAfterMs);
    lastTo(few.third, world.writes).answer(few.answers);
    expect(areTold(few)).toBe(false);
    lastTo(1, world.writes).answer(few.answers);
    expect(areTold(few)).toBe(true);
    for (let index = 0; index < 3; index += 1) {
      const later = await putFew(world);
      expect(later.second).toBe(few.third);
      lastTo(few.third, world.writes).answer(few.answers);
      lastTo(1, world.writes).answer(few.answers);
      expect(areTold(later)).toBe(true);
    }
    await world.timers.advanceAsync(afterwardsMs);
    lastTo(few.second, world.writes).answer(few.answers);
    expect((await putFew(world)).second).toBe(few.second);
  });
});
