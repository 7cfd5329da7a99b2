import {
  colourOf,
  createScale,
  drawFrame,
  frame,
  type Frame,
  label,
  round,
  type ScaleKind,
  short,
} from './svg.js';

export interface LinePlot extends Frame {
  readonly kind: 'lines';
  readonly xScale: ScaleKind;
  readonly yScale: ScaleKind;
  readonly series: readonly Series[];
}

export interface Series {
  readonly name: string;
  /** In the order of x. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export function drawLines({ xScale, yScale, series, ...labels }: LinePlot): string {
  const { width, height, left, right, top, bottom } = frame;
  const points = series.flatMap((each) => each.points);
  const x = createScale(
    xScale,
    points.map((point) => point.x),
    [left, width - right],
  );
  const y = createScale(
    yScale,
    points.map((point) => point.y),
    [height - bottom, top],
  );
  const lines = series.map(({ points: own }, index) => {
    const at = own.map((point) => `${round(x.at(point.x))},${round(y.at(point.y))}`);
    const dots = at.map((place) => {
      const [cx, cy] = place.split(',');
      return `<circle cx="${cx}" cy="${cy}" r="2.5" fill="${colourOf(index)}"/>`;
    });
    return `<polyline fill="none" stroke="${colourOf(index)}" stroke-width="1.8" points="${at.join(' ')}"/>${dots.join('')}`;
  });
  // Where there are few different places, each of them is named; else the round numbers.
  const places = [...new Set(points.map((point) => point.x))];
  const ticks = (places.length <= 8 ? places : x.ticks).map((value) =>
    label(x.at(value), height - bottom + 18, short(value), 'middle'),
  );
  return drawFrame(
    labels,
    y,
    series.map(({ name }) => name),
    [...ticks, ...lines].join('\n'),
  );
}
