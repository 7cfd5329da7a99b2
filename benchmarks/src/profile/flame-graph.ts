import { escape } from '../report/svg.js';
import type { Call } from './cpu-profile.js';

const width = 1400;
const rowHeight = 17;
const top = 30;
/** Narrower ones could not be seen. */
const widthMin = 0.4;
/** Of a letter of the font, about. */
const letterWidth = 6.6;

interface Box {
  readonly x: number;
  readonly depth: number;
  readonly width: number;
  readonly call: Call;
}

/**
 * Callers above, what they call below them, width = time. Hovering over a box tells its name, place and times. Idle time is
 * left out: the whole width is the time in which the process computed.
 */
export function drawFlameGraph(title: string, root: Call): string {
  const busy = root.children.filter(({ name }) => name !== '(idle)');
  const allUs = busy.reduce((sum, { totalUs }) => sum + totalUs, 0);
  const boxes: Box[] = [];
  const place = (calls: readonly Call[], left: number, depth: number): void => {
    let x = left;
    for (const call of [...calls].sort(byName)) {
      const own = (call.totalUs / allUs) * width;
      if (own >= widthMin) {
        boxes.push({ x, depth, width: own, call });
        place(call.children, x, depth + 1);
      }
      x += own;
    }
  };
  place(busy, 0, 0);
  const depth = boxes.reduce((most, box) => Math.max(most, box.depth), 0);
  const height = top + (depth + 2) * rowHeight;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="6" y="18" font-size="14">${escape(title)}</text>`,
    ...boxes.map((box) => draw(box, allUs)),
    '</svg>\n',
  ].join('\n');
}

function draw({ x, depth, width: own, call }: Box, allUs: number): string {
  const { name, place, selfUs, totalUs } = call;
  const share = (us: number): string => `${((us / allUs) * 100).toFixed(1)} %`;
  const tip = `${name} ${place}: ${share(totalUs)}, of its own ${share(selfUs)}`;
  const y = top + depth * rowHeight;
  const letters = Math.floor((own - 4) / letterWidth);
  const text =
    letters < 3
      ? ''
      : `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escape(name.length > letters ? `${name.slice(0, letters - 1)}…` : name)}</text>`;
  return `<g><title>${escape(tip)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.3, own - 0.4).toFixed(1)}" height="${rowHeight - 1}" fill="${colourOf(call)}"/>${text}</g>`;
}

/** Warm colours for code of this project, cold ones for libraries, grey for Node and V8; the same name, the same shade. */
function colourOf({ name, origin }: Call): string {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.charCodeAt(0)) >>> 0;
  switch (origin) {
    case 'ours':
      return `hsl(${20 + (hash % 35)} 85% ${62 + (hash % 10)}%)`;
    case 'library':
      return `hsl(${190 + (hash % 40)} 60% ${68 + (hash % 10)}%)`;
    case 'runtime':
      return `hsl(0 0% ${72 + (hash % 15)}%)`;
  }
}

function byName(a: Call, b: Call): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}
