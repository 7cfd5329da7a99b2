import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { BenchmarkOptions } from '../cluster/options.js';
import { baseLoad } from '../cluster/settings.js';
import type { Stage } from '../cluster/stage.js';
import type { Target } from '../cluster/target.js';
import type { Load } from '../load/load.js';
import { markdownTable } from '../storage/markdown.js';
import { callsOf, type CpuProfile } from './cpu-profile.js';
import { drawFlameGraph } from './flame-graph.js';
import { busyShare, topFunctions } from './top-functions.js';

const functionsShown = 20;

/** What can be profiled: a node, or the process of client and load. */
interface Profiled {
  readonly name: string;
  start(): Promise<void>;
  stop(path: string): Promise<void>;
}

/**
 * A profile of each process, while puts and then gets go on at a quorum: `LOAD-PROCESS.cpuprofile` for the tools that read
 * it, a flame graph beside it, and the functions with the most time of their own, here and in `top.md`.
 */
export async function runProfile(
  options: BenchmarkOptions & { readonly profile: string },
  stage: Stage,
): Promise<void> {
  const { profile: directory, nodes, durability, inFlight, durationMs } = options;
  await mkdir(directory, { recursive: true });
  const [target] = await stage.set([{ system: 'kv', durability, nodes }]);
  const base = { ...baseLoad(options), durationMs: Math.max(durationMs, profileMs) };
  // The ends of the range: alone, and in a crowd.
  const counts = [...new Set([Math.min(...inFlight), inFlight.includes(256) ? 256 : Math.max(...inFlight)])];
  const parts: string[] = [];
  for (const count of counts) {
    for (const workload of ['put', 'get'] as const) {
      parts.push(await profileLoad({ ...base, workload, inFlight: count }, target!, directory));
    }
  }
  const text = `${parts.join('\n\n')}\n`;
  await writeFile(join(directory, 'top.md'), text);
  process.stdout.write(text);
  process.stderr.write(`profiles and flame graphs: ${directory}\n`);
}

/** Fewer samples would not tell functions apart. */
const profileMs = 3_000;

async function profileLoad(asked: Load, target: Target, directory: string): Promise<string> {
  const load = { ...asked, keys: await target.prepare(asked) };
  const processes = processesOf(target);
  await Promise.all(processes.map((each) => each.start()));
  const { opsPerSecond } = await target.loader.measure(load);
  const name = `${load.workload}-${load.inFlight}`;
  const paths = processes.map((each) => join(directory, `${name}-${each.name}.cpuprofile`));
  await Promise.all(processes.map((each, index) => each.stop(paths[index]!)));
  const heading = `## ${load.workload}, ${load.level}, ${load.inFlight} in flight: ${opsPerSecond.toLocaleString('en')}/s while profiled`;
  const tables: string[] = [];
  for (const [index, path] of paths.entries()) {
    tables.push(await renderProfile(`${name}, ${processes[index]!.name}`, path));
  }
  return [heading, ...tables].join('\n\n');
}

function processesOf({ loader, servers: { monitors = [] } }: Target): Profiled[] {
  return [
    ...monitors.map((monitor) => ({
      name: monitor.name,
      start: () => monitor.startProfile(),
      stop: (path: string) => monitor.stopProfile(path),
    })),
    { name: 'client', start: () => loader.startProfile(), stop: (path) => loader.stopProfile(path) },
  ];
}

async function renderProfile(name: string, path: string): Promise<string> {
  const root = callsOf(JSON.parse(await readFile(path, 'utf8')) as CpuProfile);
  const busy = `${(busyShare(root) * 100).toFixed(0)} % of the time busy`;
  await writeFile(path.replace(/\.cpuprofile$/, '.svg'), drawFlameGraph(`${name}: ${busy}`, root));
  const rows = topFunctions(root, functionsShown).map(({ name: called, place, share }) => [
    called,
    place,
    `${(share * 100).toFixed(1)} %`,
  ]);
  return `### ${name}: ${busy}\n\n${markdownTable(['function', 'where', 'of its own'], rows)}`;
}
