import type { PartName } from '../cluster/part-names.js';
import { partNames, peerParts } from '../cluster/part-names.js';
import type { Report, Result } from '../cluster/result.js';
import { figure, markdownTable, withSpread } from '../storage/markdown.js';
import { renderAcknowledgements } from './acknowledges.js';
import { renderComparison } from './comparison.js';
import { verdictsOf } from './goals.js';
import { renderTable } from './own-table.js';
import { plotsOf } from './plots.js';
import { select } from './select.js';

const titles: Readonly<Record<PartName, string>> = {
  throughput: 'Operations in flight',
  mixes: 'Shares of reads, and hot keys',
  values: 'Length of values',
  clients: 'One client and several',
  ycsb: 'YCSB',
  replication: 'Until one, a majority, all replicas acknowledged',
  levels: 'Linearizable beside quorum',
  'one-in-flight': 'One operation at a time, beside a bare round trip on an open gRPC stream',
  sustained: 'Sustained',
  'half-of-peak': 'At half of the highest rate, however fast the answers come',
  overload: 'Ten times the load of the knee',
  memory: 'Memory at peak',
  redis: 'Beside Redis, synced each second',
  'redis-always': 'Beside Redis, synced before each answer',
  always: 'Synced before each acknowledgement',
  etcd: 'Beside etcd',
  scale: 'More nodes, more keys',
};

export interface RenderOptions {
  /** Whether the plots lie beside it. */
  readonly hasPlots: boolean;
}

/** Of a run, as Markdown: what is wanted of it first, then every measurement. */
export function renderReport(
  { machine, peers, results, failures }: Report,
  { hasPlots }: RenderOptions,
): string {
  const { cores, cpu, node, memoryBytes } = machine;
  const versions = Object.values(peers).map((version) => `; ${version}`);
  const parts = partNames.filter((part) => results.some((result) => result.part === part));
  return `${[
    `${cores} cores (${cpu}), ${figure(memoryBytes / 2 ** 30)} GiB, Node ${node}${versions.join('')}. Servers and load share the machine.`,
    ...failures.map((failure) => `**Broke off:** ${failure}`),
    '## What is wanted',
    renderVerdicts(results),
    '## What an acknowledgement means',
    renderAcknowledgements(results),
    ...parts.map((part) => renderPart(part, results, hasPlots)),
  ].join('\n\n')}\n`;
}

function renderVerdicts(results: readonly Result[]): string {
  const rows = verdictsOf(results).map(({ name, unit, bound, reach, aim, measured, says }) => {
    const limit = (value: number | undefined): string =>
      value === undefined ? '' : `${bound === 'least' ? '≥' : '≤'} ${value.toLocaleString('en')} ${unit}`;
    return [name, limit(reach), limit(aim), measured === undefined ? '' : withSpread(measured), says];
  });
  return markdownTable(['', 'reach', 'aim', 'measured: median [least–most]', ''], rows);
}

function renderPart(part: PartName, results: readonly Result[], hasPlots: boolean): string {
  const own = select(results, { part });
  const plots = hasPlots ? plotsOf(own).map(({ name, drawing }) => `![${drawing.title}](${name}.svg)`) : [];
  const turns = own.flatMap(({ workload, turns: watched }) =>
    watched === undefined
      ? []
      : [
          `Longest turn of a node’s event loop while it was loaded with ${workload}: ${figure(watched.longestMs)} ms, of which its own work at most ${figure(watched.longestOwnWorkMs)} ms; longest garbage collection ${figure(watched.longestCollectionMs)} ms.`,
        ],
  );
  return [`## ${titles[part]}`, ...renderTables(part, own), ...turns, ...plots].join('\n\n');
}

function renderTables(part: PartName, own: readonly Result[]): string[] {
  if (!peerParts.includes(part)) return [renderTable(own)];
  return [false, true].flatMap((previous) => {
    if (!own.some((result) => result.previous === previous)) return [];
    const introduction = previous ? 'Replaced values told:' : 'Replaced values omitted:';
    return [introduction, renderComparison(own, part, previous)];
  });
}
