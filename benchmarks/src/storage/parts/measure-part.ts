import type { Figures, Task } from '../task.js';
import { measurePrimitives } from './primitives.js';

export async function measurePart(task: Task): Promise<Figures> {
  switch (task.part) {
    case 'primitives':
      return measurePrimitives(task);
    default:
      throw new Error(`${task.part} is not there yet`);
  }
}
