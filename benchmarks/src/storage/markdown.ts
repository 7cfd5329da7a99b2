export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map(line).join('\n');
}

/** With about three digits that mean something. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return Math.abs(value) >= 100
    ? value.toFixed(0)
    : Math.abs(value) >= 10
      ? value.toFixed(1)
      : value.toFixed(2);
}

export function withSpread({
  median,
  least,
  most,
}: {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}): string {
  if (Number.isNaN(median)) return figure(median);
  return `**${figure(median)}** [${figure(least)}–${figure(most)}]`;
}
