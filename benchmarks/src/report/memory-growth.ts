import type { LoadFigures } from '../load/load.js';

/**
 * How much the resident memory grows over the second half of a timeline, in percent: along the straight line that fits best,
 * since single samples go up and down with each garbage collection. Undefined if it was not sampled.
 */
export function memoryGrowth(
  { timeline = [], seconds }: Pick<LoadFigures, 'timeline' | 'seconds'>,
  whose: 'server' | 'client',
): number | undefined {
  const points = timeline.flatMap(({ atSeconds, serverResidentBytes, clientResidentBytes }) => {
    const bytes = whose === 'server' ? serverResidentBytes : clientResidentBytes;
    return bytes === undefined || atSeconds < seconds / 2 ? [] : [{ x: atSeconds, y: bytes }];
  });
  if (points.length < 2) return undefined;
  const mean = (of: (point: { x: number; y: number }) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const meanX = mean(({ x }) => x);
  const meanY = mean(({ y }) => y);
  const slope = mean(({ x, y }) => (x - meanX) * (y - meanY)) / mean(({ x }) => (x - meanX) ** 2);
  return ((slope * seconds) / 2 / meanY) * 100;
}
