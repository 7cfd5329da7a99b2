/** What V8's sampling profiler writes: a tree of calls, and the node in which each sample was taken. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** µs since the sample before. */
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** Whose code it is: this project's, a library's, or that of Node and V8. */
export type Origin = 'ours' | 'library' | 'runtime';

/** A function in its place among its callers, with the time spent in it and below it. */
export interface Call {
  readonly name: string;
  readonly place: string;
  readonly origin: Origin;
  readonly selfUs: number;
  readonly totalUs: number;
  readonly children: readonly Call[];
}

/** The tree of calls below the root. */
export function callsOf({ nodes, samples, timeDeltas }: CpuProfile): Call {
  const selfUs = new Map<number, number>();
  samples.forEach((id, index) => {
    // The time until the next sample is spent where this one was taken.
    selfUs.set(id, (selfUs.get(id) ?? 0) + Math.max(0, timeDeltas[index + 1] ?? 0));
  });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const build = (id: number): Call => {
    const { callFrame, children = [] } = byId.get(id)!;
    const below = children.map(build).filter(({ totalUs }) => totalUs > 0);
    const own = selfUs.get(id) ?? 0;
    return {
      name: callFrame.functionName === '' ? '(anonymous)' : callFrame.functionName,
      place: placeOf(callFrame),
      origin: originOf(callFrame),
      selfUs: own,
      totalUs: below.reduce((sum, { totalUs }) => sum + totalUs, own),
      children: below,
    };
  };
  return build(nodes[0]!.id);
}

/** The last two parts of the path are enough to find it. */
function placeOf({ url, lineNumber }: ProfileNode['callFrame']): string {
  return url === '' ? '' : `${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
}

function originOf({ url }: ProfileNode['callFrame']): Origin {
  if (url === '' || url.startsWith('node:')) return 'runtime';
  return url.includes('/node_modules/') ? 'library' : 'ours';
}
