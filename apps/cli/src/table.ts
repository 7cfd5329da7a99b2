/** Columns as wide as their widest cell, numbers to the right. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const isNumeric = header.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const format = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, column) => {
        const text = String(cell);
        const width = widths[column] ?? 0;
        return isNumeric[column] === true ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [header, ...rows].map(format).join('\n');
}
