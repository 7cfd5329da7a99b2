import type { Call } from './cpu-profile.js';

export interface FunctionTime {
  readonly name: string;
  readonly place: string;
  readonly selfUs: number;
  /** Of all time in which the process computed. */
  readonly share: number;
}

/** V8 counts as functions what is none of ours: waiting is no work. */
const idle = '(idle)';

/** The functions with the most time of their own, over all places that they are called from. */
export function topFunctions(root: Call, count: number): FunctionTime[] {
  const times = new Map<string, FunctionTime>();
  const add = ({ name, place, selfUs, children }: Call): void => {
    const key = `${name} ${place}`;
    times.set(key, { name, place, selfUs: (times.get(key)?.selfUs ?? 0) + selfUs, share: 0 });
    children.forEach(add);
  };
  add(root);
  const busy = [...times.values()].filter(({ name, selfUs }) => name !== idle && selfUs > 0);
  const allUs = busy.reduce((sum, { selfUs }) => sum + selfUs, 0);
  return busy
    .map((each) => ({ ...each, share: each.selfUs / allUs }))
    .sort((a, b) => b.selfUs - a.selfUs)
    .slice(0, count);
}

/** Of all time, the part in which the process computed. */
export function busyShare(root: Call): number {
  const idleUs = root.children
    .filter(({ name }) => name === idle)
    .reduce((sum, { totalUs }) => sum + totalUs, 0);
  return root.totalUs === 0 ? 0 : 1 - idleUs / root.totalUs;
}
