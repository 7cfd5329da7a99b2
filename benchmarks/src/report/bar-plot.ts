import { colourOf, createScale, drawFrame, frame, type Frame, label, round, short } from './svg.js';

export interface BarPlot extends Frame {
  readonly kind: 'bars';
  readonly groups: readonly string[];
  /** A value for each group; NaN where there is none. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

export function drawBars({ groups, series, ...labels }: BarPlot): string {
  const { width, height, left, right, top, bottom } = frame;
  const values = series.flatMap((each) => each.values).filter((value) => !Number.isNaN(value));
  const y = createScale('linear', values, [height - bottom, top]);
  const groupWidth = (width - left - right) / groups.length;
  const barWidth = (groupWidth * 0.8) / series.length;
  const bars = series.flatMap(({ values: own }, index) =>
    own.map((value, group) => {
      if (Number.isNaN(value)) return '';
      const x = left + group * groupWidth + groupWidth * 0.1 + index * barWidth;
      const at = y.at(value);
      const bar = `<rect x="${round(x)}" y="${round(at)}" width="${round(barWidth - 1)}" height="${round(height - bottom - at)}" fill="${colourOf(index)}"/>`;
      return `${bar}<text x="${round(x + barWidth / 2)}" y="${round(at - 3)}" text-anchor="middle" font-size="9">${short(value)}</text>`;
    }),
  );
  const names = groups.map((name, index) =>
    label(left + (index + 0.5) * groupWidth, height - bottom + 18, name, 'middle'),
  );
  return drawFrame(
    labels,
    y,
    series.map(({ name }) => name),
    [...bars, ...names].join('\n'),
  );
}
