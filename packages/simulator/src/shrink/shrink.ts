import type { Plan } from '../plan/plan.js';

export interface ShrinkOptions {
  /** Plans tried at most. */
  readonly triesMax: number;
}

/**
 * Makes a failing plan smaller for as long as it fails: fewer faults first, since they explain most, then fewer
 * operations. Chunks are left out from halves down to single ones (delta debugging, Zeller and Hildebrandt, 2002).
 *
 * @param stillFails whether a plan shows the same violation
 */
export async function shrink(
  plan: Plan,
  stillFails: (plan: Plan) => Promise<boolean>,
  { triesMax }: ShrinkOptions,
): Promise<Plan> {
  let tries = 0;
  const mayTry = (): boolean => tries < triesMax;
  const test = (candidate: Plan): Promise<boolean> => {
    tries += 1;
    return stillFails(candidate);
  };
  let smallest = plan;
  for (let before = -1; mayTry() && sizeOf(smallest) !== before;) {
    before = sizeOf(smallest);
    const faults = await fewer(smallest.faults, (some) => test({ ...smallest, faults: some }), mayTry);
    smallest = { ...smallest, faults };
    const operations = await fewer(
      smallest.operations,
      (some) => test({ ...smallest, operations: some }),
      mayTry,
    );
    smallest = { ...smallest, operations };
  }
  return smallest;
}

function sizeOf({ faults, operations }: Plan): number {
  return faults.length + operations.length;
}

async function fewer<Item>(
  items: readonly Item[],
  suffices: (some: readonly Item[]) => Promise<boolean>,
  mayTry: () => boolean,
): Promise<readonly Item[]> {
  let kept = items;
  for (let chunk = Math.ceil(kept.length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
    for (let start = 0; start < kept.length && mayTry();) {
      const some = [...kept.slice(0, start), ...kept.slice(start + chunk)];
      if (await suffices(some)) kept = some;
      else start += chunk;
    }
  }
  return kept;
}
