const STEPS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes for people, in powers of 1000 and three digits: 1234567 is `1.23 MB`. */
export function readableSize(bytes: number): string {
  // What rounds to 1000 is 1.00 of the next unit.
  const fitting = STEPS.findIndex((_, step) => bytes / 1000 ** step < 999.5);
  const step = fitting < 0 ? STEPS.length - 1 : fitting;
  const value = bytes / 1000 ** step;
  const digits = step === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${STEPS[step] ?? 'B'}`;
}

const SPANS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** A span of ms in its largest whole unit: `3d`, `5h`, `12m`, `40s`. */
export function readableSpan(ms: number): string {
  const [unit, size] = SPANS.find(([, each]) => ms >= each) ?? ['s', 1000];
  return `${Math.floor(Math.max(0, ms) / size)}${unit}`;
}

/** How long ago `at` (ms since the epoch) was: `5h ago`; null is `never`. */
export function readableAge(at: number | null, now: number): string {
  return at === null ? 'never' : `${readableSpan(now - at)} ago`;
}
