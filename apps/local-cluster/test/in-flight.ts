/** Runs the work on every item, so many at a time, and gives the results in the order of the items. */
export async function inFlight<T, R>(
  width: number,
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/** 0, 1, ... */
export function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
