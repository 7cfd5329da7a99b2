import type { BenchmarkOptions } from '../cluster/options.js';
import { kneeOf, peakOf } from '../cluster/peak.js';
import { baseLoad } from '../cluster/settings.js';
import type { Step } from '../cluster/step.js';

/** Alternations: for figures that are not compared with another system's. */
const fewRounds = 3;

/** Second after second of the same load, with an eye on the nodes' event loops. */
export function sustainedSteps(options: BenchmarkOptions): Step[] {
  const { nodes, durability, sustainedSeconds } = options;
  const load = { ...baseLoad(options), durationMs: sustainedSeconds * 1000, sampleEveryMs: 1000 };
  return [
    {
      part: 'sustained',
      targets: [{ system: 'kv', durability, nodes }],
      rounds: 1,
      loads: () => [load, { ...load, workload: 'get' }],
      watchesTurns: true,
    },
  ];
}

/** Operations that come at half of the highest rate, however fast they are answered. Needs the part "throughput". */
export function halfOfPeakSteps(options: BenchmarkOptions): Step[] {
  const { nodes, durability } = options;
  return [
    {
      part: 'half-of-peak',
      targets: [{ system: 'kv', durability, nodes }],
      rounds: fewRounds,
      loads: (before) =>
        (['put', 'get'] as const).flatMap((workload) => {
          const peak = peakOf(before, workload);
          if (peak === undefined) return [];
          const { inFlight, opsPerSecond } = peak;
          return [{ ...baseLoad(options), workload, inFlight, ratePerSecond: Math.ceil(opsPerSecond / 2) }];
        }),
    },
  ];
}

const overloadFactor = 10;

/**
 * The knee of the curve, and ten times as many operations in flight, from so many clients that none's own bound holds them
 * back. Needs the part "throughput".
 */
export function overloadSteps(options: BenchmarkOptions): Step[] {
  const { nodes, durability, rounds, durationMs } = options;
  return [
    {
      part: 'overload',
      targets: [{ system: 'kv', durability, nodes }],
      rounds: Math.min(rounds, fewRounds),
      loads(before) {
        const knee = kneeOf(before, 'put');
        if (knee === undefined) return [];
        const load = {
          ...baseLoad(options),
          clients: overloadFactor,
          countsRefusals: true,
          sampleEveryMs: durationMs,
        };
        return [1, overloadFactor].map((factor) => ({ ...load, inFlight: factor * knee.inFlight }));
      },
    },
  ];
}

/** So many that the sawtooth of garbage, a few megabytes high, tilts the line through them by far less than a percent. */
const memorySamples = 600;

/** Whether the memory of nodes and client still grows after minutes in which every key was overwritten again and again. */
export function memorySteps(options: BenchmarkOptions): Step[] {
  const { nodes, durability, memoryMinutes } = options;
  const durationMs = memoryMinutes * 60_000;
  const load = { ...baseLoad(options), durationMs, sampleEveryMs: Math.max(100, durationMs / memorySamples) };
  return [{ part: 'memory', targets: [{ system: 'kv', durability, nodes }], rounds: 1, loads: () => [load] }];
}
