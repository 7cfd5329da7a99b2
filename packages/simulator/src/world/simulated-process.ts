/** One run of one program on one machine. A restart makes another one. */
export interface SimulatedProcess {
  readonly name: string;
  /** False once it ended: none of its timers, messages or file operations comes back to it. */
  isAlive: boolean;
  /** Virtual time until which the operating system lets it not run (SIGSTOP, a hypervisor, a long collection). */
  pausedUntilMs: number;
}

export function createSimulatedProcess(name: string): SimulatedProcess {
  return { name, isAlive: true, pausedUntilMs: 0 };
}
