/** What line and bar plots share: a frame, an axis of values with its ticks, a legend. Plain text, no library, no browser. */
export const frame = { width: 760, height: 420, left: 80, right: 190, top: 40, bottom: 60 };

export const colours = [
  '#1668a8',
  '#d95f0e',
  '#2a8f4f',
  '#8b3fa0',
  '#b8860b',
  '#555555',
  '#c0245c',
  '#1b9e9e',
];

export type ScaleKind = 'linear' | 'log';

export interface Scale {
  readonly kind: ScaleKind;
  /** From a value to a distance in pixels. */
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** @param from to pixels of the lowest and the highest value */
export function createScale(
  kind: ScaleKind,
  values: readonly number[],
  [from, to]: readonly [number, number],
): Scale {
  return kind === 'log' ? logScale(values, from, to) : linearScale(values, from, to);
}

function linearScale(values: readonly number[], from: number, to: number): Scale {
  const most = Math.max(...values, 0) || 1;
  const step = niceStep(most);
  const end = Math.ceil(most / step) * step;
  return {
    kind: 'linear',
    at: (value) => from + (value / end) * (to - from),
    ticks: Array.from({ length: Math.round(end / step) + 1 }, (_, index) => index * step),
  };
}

/** 1, 2 or 5 times a power of ten: about five of them to the end. */
function niceStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / 5));
  return power * ([1, 2, 5].find((factor) => most / (factor * power) <= 6) ?? 10);
}

function logScale(values: readonly number[], from: number, to: number): Scale {
  const positive = values.filter((value) => value > 0);
  const least = Math.floor(Math.log10(Math.min(...positive)));
  const most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(...positive))));
  return {
    kind: 'log',
    at: (value) => from + ((Math.log10(Math.max(value, 10 ** least)) - least) / (most - least)) * (to - from),
    ticks: Array.from({ length: most - least + 1 }, (_, index) => 10 ** (least + index)),
  };
}

export interface Frame {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
}

export function drawFrame(
  { title, xLabel, yLabel }: Frame,
  y: Scale,
  names: readonly string[],
  body: string,
): string {
  const { width, height, left, right, top, bottom } = frame;
  const ticks = y.ticks.map((value) => {
    const at = round(y.at(value));
    return `<line x1="${left}" x2="${width - right}" y1="${at}" y2="${at}" stroke="#ddd"/>${label(left - 6, at + 4, short(value), 'end')}`;
  });
  const legend = names.map((name, index) => {
    const at = top + 12 + index * 18;
    return `<rect x="${width - right + 12}" y="${at - 9}" width="10" height="10" fill="${colourOf(index)}"/>${label(width - right + 28, at, name, 'start')}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="${left}" y="22" font-size="15" font-weight="bold">${escape(title)}</text>`,
    ...ticks,
    body,
    ...legend,
    label((left + width - right) / 2, height - 14, xLabel, 'middle'),
    `<text transform="translate(18 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">${escape(yLabel)}</text>`,
    '</svg>\n',
  ].join('\n');
}

export function label(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escape(text)}</text>`;
}

export function colourOf(index: number): string {
  return colours[index % colours.length]!;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** 1500 → 1.5 k */
export function short(value: number): string {
  const units: readonly (readonly [number, string])[] = [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ];
  const [divisor, unit] = units.find(([least]) => Math.abs(value) >= least) ?? [1, ''];
  return `${Number((value / divisor).toPrecision(3))}${unit}`;
}

export function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
