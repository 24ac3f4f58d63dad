import type { Column } from '../row.ts';

export const TRANSFER_COLUMNS: readonly Column[] = [
  { key: 'speed', title: 'MB/s', digits: 0 },
  { key: 'cpu', title: 'CPU s/GB', digits: 2 },
];

/** `ms`: how long it took; `cpu`: CPU seconds of the server. */
export function transferSample(
  bytes: number,
  ms: number,
  cpu: number,
): { readonly speed: number; readonly cpu: number } {
  return { speed: bytes / 1e3 / ms, cpu: cpu / (bytes / 1e9) };
}
