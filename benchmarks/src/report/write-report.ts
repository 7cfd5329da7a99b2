import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Report } from '../cluster/result.js';
import { drawPlot, plotsOf } from './plots.js';
import { renderReport } from './report.js';

/** `report.md`, and an SVG for each figure. */
export async function writeReport(directory: string, report: Report): Promise<void> {
  await mkdir(directory, { recursive: true });
  const plots = plotsOf(report.results);
  await Promise.all([
    writeFile(join(directory, 'report.md'), `# Benchmark\n\n${renderReport(report, { hasPlots: true })}`),
    ...plots.map((plot) => writeFile(join(directory, `${plot.name}.svg`), drawPlot(plot))),
  ]);
}
