import stringWidth from 'string-width';
import { printable } from './printable.ts';
import type { Terminal } from './terminal.ts';

export interface Column {
  readonly head: string;
  /** Numbers are read from the right. Default: left. */
  readonly align?: 'left' | 'right';
  /** It may be cut where the terminal is too narrow for all columns. */
  readonly cut?: boolean;
}

const GAP = '  ';

/** A column that is cut keeps as much, so that it still tells something. */
const MIN_WIDTH = 12;

/**
 * Rows under aligned heads, ready to print. On a terminal they fit its width, and the heads are bold unless `NO_COLOR`
 * is set; elsewhere every cell is whole. No rows: an empty string.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  terminal: Pick<Terminal, 'columns' | 'environment'>,
): string {
  if (rows.length === 0) return '';
  const cells = rows.map((row) => row.map(printable));
  const widths = fit(columns, natural(columns, cells), terminal.columns);
  const line = (row: readonly string[]): string =>
    columns
      .map((column, index) => pad(row[index] ?? '', widths[index] ?? 0, column.align))
      .join(GAP)
      .trimEnd();
  const head = line(columns.map((column) => column.head));
  return [bold(head, terminal), ...cells.map(line), ''].join('\n');
}

function natural(columns: readonly Column[], cells: readonly (readonly string[])[]): number[] {
  return columns.map(({ head }, index) =>
    cells.reduce((most, row) => Math.max(most, stringWidth(row[index] ?? '')), stringWidth(head)),
  );
}

/** Takes from the widest column that may be cut, until all fit or none can give more. */
function fit(columns: readonly Column[], wanted: number[], room: number | undefined): number[] {
  const widths = [...wanted];
  const gaps = GAP.length * (columns.length - 1);
  let excess = widths.reduce((sum, width) => sum + width, gaps) - (room ?? Infinity);
  while (excess > 0) {
    const givers = widths.map((width, index) => (columns[index]?.cut === true ? width : 0));
    const widest = Math.max(...givers);
    if (widest <= MIN_WIDTH) break;
    widths[givers.indexOf(widest)] = widest - 1;
    excess -= 1;
  }
  return widths;
}

function pad(text: string, width: number, align: Column['align']): string {
  const shown = cut(text, width);
  const space = ' '.repeat(Math.max(0, width - stringWidth(shown)));
  return align === 'right' ? space + shown : shown + space;
}

function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (stringWidth(kept + character) >= width) break;
    kept += character;
  }
  return `${kept}…`;
}

function bold(
  text: string,
  { columns, environment }: Pick<Terminal, 'columns' | 'environment'>,
): string {
  const plain = columns === undefined || (environment['NO_COLOR'] ?? '') !== '';
  return plain ? text : `\u001b[1m${text}\u001b[22m`;
}
