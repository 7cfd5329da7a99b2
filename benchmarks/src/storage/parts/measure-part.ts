import type { Figures, Task } from '../task.js';
import { measureAmplification } from './amplification.js';
import { measureLong, measureMixed, measureStress } from './mixed.js';
import { measurePrimitives } from './primitives.js';
import { measureReceived } from './received.js';
import { fill, measureRecovery } from './recovery.js';
import { measureSlices } from './slices.js';
import { measureWriters } from './writers.js';

export async function measurePart(task: Task): Promise<Figures> {
  switch (task.part) {
    case 'primitives':
      return measurePrimitives(task);
    case 'received':
      return measureReceived(task);
    case 'writers':
      return measureWriters(task);
    case 'mixed':
      return measureMixed(task);
    case 'stress':
      return measureStress(task);
    case 'long':
      return measureLong(task);
    case 'fill':
      return fill(task);
    case 'recovery':
      return measureRecovery(task);
    case 'slices':
      return measureSlices(task);
    case 'amplification':
      return measureAmplification(task);
  }
}
