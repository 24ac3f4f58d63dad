import type { RowResult } from './run-row.ts';

/** Two Markdown tables: the contenders, and what was to be reached. */
export function renderResult({ row, contenders, goals }: RowResult): string {
  const figures = [
    ['', ...row.columns.map(({ title }) => title)],
    ...Array.from(contenders, ([name, sample]) => [
      name,
      ...row.columns.map(({ key, digits }) => format(sample[key], digits)),
    ]),
  ];
  const ratios = [
    ['ratio', 'to reach', 'measured', 'reached'],
    ...goals.map(({ goal, value, reached }) => [
      goal.title,
      `${goal.kind === 'at least' ? '≥' : '≤'} ${goal.limit}`,
      format(value, 2),
      reached ? 'yes' : 'no',
    ]),
  ];
  return `### ${row.title}\n\n${renderTable(figures)}\n\n${renderTable(ratios)}`;
}

function format(value: number | undefined, digits: number): string {
  return value === undefined ? '–' : value.toFixed(digits);
}

/** The first line is the head; the first column is text, the others are figures. */
function renderTable(lines: readonly (readonly string[])[]): string {
  const [head = [], ...body] = lines;
  const widths = head.map((_, column) =>
    Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const draw = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [draw(head), `| ${rule.join(' | ')} |`, ...body.map(draw)].join('\n');
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}
