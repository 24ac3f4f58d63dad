const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const DURATION = /^(\d{1,15})(ms|s|m|h|d)$/;

/** A hundred years. A stamp plus a duration stays an exact integer, in JavaScript and in SQLite. */
export const MAX_DURATION = 36_500 * UNITS.d;

/** Node's timers fire at once if asked to wait for more milliseconds than a signed 32-bit integer holds: 24.8 days. */
export const MAX_TIMER = 24 * UNITS.d;

/** Milliseconds that `text` spells (`250ms`, `30s`, `5m`, `6h`, `7d`), or undefined where it spells none or too many. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  const ms = Number(count) * UNITS[unit as keyof typeof UNITS];
  return ms <= MAX_DURATION ? ms : undefined;
}

/** The shortest exact spelling of whole milliseconds: 300000 is `5m`, 1500 is `1500ms`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const [unit, size] = Object.entries(UNITS).findLast(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}
