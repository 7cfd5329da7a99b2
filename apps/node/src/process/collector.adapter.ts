import { setFlagsFromString } from 'node:v8';

import { heapGrowthPercent } from '../limits.js';

/**
 * Lets V8 take garbage of buffers for what it is. Its limit follows the objects of the old generation, of which a node has
 * few, but the memory of all buffers counts against it: some megabytes of messages, gone with the next scavenge, then begin
 * a collection of everything, seven times a second in a node that stores 25,000 records a second. V8 looks at this flag
 * whenever it sets the limit, so it may be given to a process that runs.
 */
export function makeRoomForBuffers(): void {
  setFlagsFromString(`--heap-growing-percent=${heapGrowthPercent}`);
}
