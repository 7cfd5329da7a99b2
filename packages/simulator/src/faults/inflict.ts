import { clockFaults } from './clock-faults.js';
import { diskFaults } from './disk-faults.js';
import type { Inflict } from './fault.js';
import type { FaultKind } from './fault-kinds.js';
import { networkFaults } from './network-faults.js';
import { processFaults } from './process-faults.js';
import { stagedFaults } from './staged/staged-faults.js';

export const inflict: Readonly<Record<FaultKind, Inflict>> = {
  ...networkFaults,
  ...processFaults,
  ...clockFaults,
  ...diskFaults,
  ...stagedFaults,
};
