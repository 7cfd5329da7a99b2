/**
 * The same lists, but one object for all that are equal. The partitions of a cluster have few different lists of owners, and
 * what is looked up for every operation should stay in the processor's cache.
 */
export function sharedLists(lists: Iterable<readonly number[]>): (readonly number[])[] {
  const different = new Map<string, readonly number[]>();
  return Array.from(lists, (list) => {
    const name = list.join();
    const known = different.get(name);
    if (known !== undefined) return known;
    different.set(name, list);
    return list;
  });
}
