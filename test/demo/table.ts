/** A table for people: columns as wide as their widest cell. */
export function formatTable(
  rows: readonly { what: string; ms: number; bytes: number; upstream: string }[],
): string {
  const cells = [
    ['what', 'time', 'delivered', 'upstream requests'],
    ...rows.map(({ what, ms, bytes, upstream }) => [
      what,
      `${ms.toFixed(0)} ms`,
      `${(bytes / 1024 / 1024).toFixed(1)} MiB`,
      upstream,
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          // Numbers are read from the right.
          column === 1 || column === 2
            ? cell.padStart(widths[column] ?? 0)
            : cell.padEnd(widths[column] ?? 0),
        )
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}
