import type { Machine } from '../machines/machine.js';

/** A machine of a simulation and the node on it, as a scenario may treat them. */
export interface SimulatedNode {
  readonly id: string;
  readonly endpoint: string;
  readonly isServing: boolean;
  start(): void;
  /** The process dies; files stay. */
  kill(): Promise<void>;
  /** Unsynced data is lost as well, and peers hear nothing. */
  powerLoss(): Promise<void>;
  stop(): Promise<void>;
  /** It does nothing for so long, then goes on. */
  pause(ms: number): void;
  /** Its wall clock is set forward (positive) or back. */
  jumpClock(ms: number): void;
}

export function createSimulatedNodes(machines: readonly Machine[]): SimulatedNode[] {
  return machines.map((machine) => ({
    id: machine.id,
    endpoint: machine.host,
    get isServing() {
      return machine.isServing;
    },
    start: () => machine.start(),
    kill: () => {
      machine.holdDown();
      return machine.kill();
    },
    powerLoss: () => {
      machine.holdDown();
      return machine.powerLoss({ keptShare: 0 });
    },
    stop: () => {
      machine.holdDown();
      return machine.stop();
    },
    pause: (ms) => machine.pause(ms),
    jumpClock: (ms) => machine.clock.jump(ms),
  }));
}
