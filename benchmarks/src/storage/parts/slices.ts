import { createKeys } from '../keys.js';
import { createIndexes, createValues } from '../random.js';
import { groupSize } from '../settings.js';
import { openSystem } from '../systems/open-system.js';
import type { Figures, Task } from '../task.js';
import { type Turns, watchTurns } from '../turns.js';

/** Writes in one turn: so few that the turn's own work does not count. */
const perTurn = 32;
const turnsUnderWay = 16;

/** How long the store keeps the event loop: growing, overwriting (with cleaning), in a snapshot beside writes, and opening. */
export async function measureSlices(task: Task): Promise<Figures> {
  const { keyCount, seconds } = task;
  const keys = createKeys(task.keys, { count: keyCount, groupSize: perTurn });
  const values = createValues(groupSize, task.valueBytes);
  const numbers = new Uint32Array(perTurn);
  const draw = createIndexes(task.seed, keyCount);
  let system = await openSystem(task.system, task);
  let underWay = 0;
  const acknowledged = (): void => {
    underWay -= 1;
  };
  const write = (next: () => number): void => {
    // As many as a caller would have who waits: else the queue would grow, and not the store.
    if (underWay >= turnsUnderWay) return;
    for (let index = 0; index < perTurn; index += 1) numbers[index] = next();
    underWay += 1;
    system.write(keys.group(numbers), values)?.then(acknowledged, acknowledged);
  };

  let loaded = 0;
  let allLoaded = (): void => undefined;
  const growth = await watchTurns(new Promise<void>((resolve) => (allLoaded = resolve)), () => {
    if (loaded >= keyCount) allLoaded();
    else write(() => loaded++ % keyCount);
  });
  const overwriting = await watchTurns(
    new Promise((resolve) => void setTimeout(resolve, seconds * 1000)),
    () => write(draw),
  );
  const snapshot = await watchTurns(system.single!.snapshot(), () => write(draw));
  await system.close();

  const recovery = await watchTurns(openSystem(task.system, task).then((opened) => (system = opened)));
  await system.close();
  return {
    ...figuresOf('growth', growth),
    ...figuresOf('overwriting', overwriting),
    ...figuresOf('snapshot', snapshot),
    ...figuresOf('recovery', recovery),
  };
}

function figuresOf(phase: string, { longestMs, longestByClockMs, p999Ms }: Turns): Figures {
  return {
    [`${phase}LongestMs`]: longestMs,
    [`${phase}LongestByClockMs`]: longestByClockMs,
    [`${phase}P999Ms`]: p999Ms,
  };
}
