/** `wall`: time that passes. `cpu`: time that all threads of the process spend on processors, for machines that are shared. */
export type TimeKind = 'wall' | 'cpu';

/** @returns the seconds since it was made */
export function startStopwatch(kind: TimeKind): () => number {
  if (kind === 'wall') {
    const began = performance.now();
    return () => (performance.now() - began) / 1000;
  }
  const began = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1e6;
  };
}
