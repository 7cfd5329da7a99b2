import { measurePart } from './parts/measure-part.js';
import type { Task } from './task.js';

/** The process of one measurement: takes a task from its parent, answers with the figures, and ends, as it does without it. */
process.once('disconnect', () => process.exit());
process.once('message', (task: Task) => {
  measurePart(task).then(
    (figures) => process.send?.({ figures }, () => process.disconnect()),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
});
