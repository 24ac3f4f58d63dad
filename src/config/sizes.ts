const UNITS = {
  B: 1,
  KB: 1000,
  KiB: 1024,
  MB: 1000 ** 2,
  MiB: 1024 ** 2,
  GB: 1000 ** 3,
  GiB: 1024 ** 3,
  TB: 1000 ** 4,
  TiB: 1024 ** 4,
} as const;

const SIZE = /^(\d{1,15})(B|[KMGT]i?B)$/;

/** Bytes that `text` spells (`500MB` in powers of 1000, `2GiB` in powers of 1024), or undefined where it spells none. */
export function parseSize(text: string): number | undefined {
  const [, count, unit] = SIZE.exec(text) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  const bytes = Number(count) * UNITS[unit as keyof typeof UNITS];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest exact spelling of whole bytes: 50000000000 is `50GB`, 1073741824 is `1GiB`. */
export function formatSize(bytes: number): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, each]) => bytes % each === 0) ?? ['B', 1];
  return bytes === 0 ? '0B' : `${bytes / size}${unit}`;
}
