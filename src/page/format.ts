/** Numbers and times in words. Pure: the time of the moment is a parameter. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const STEP = 1000;

/** Bytes with three significant digits, in powers of 1000 as in the configuration: `47.2 MB`. */
export function formatBytes(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  // 999.5 would be shown as 1000.
  while (value >= STEP - 0.5 && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  const sign = bytes < 0 ? '−' : '';
  return `${sign}${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}

export function formatCount(count: number): string {
  return count.toLocaleString('en');
}

/** `3 tags`, `1 tag` */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** The share as whole percent; what is not nothing is never 0 %, what is not all never 100 %. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) return '–';
  const percent = (part / whole) * 100;
  if (percent > 0 && percent < 1) return '< 1 %';
  if (percent < 100 && percent > 99) return '> 99 %';
  return `${Math.round(percent)} %`;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long, with one unit: `40 s`, `5 min`, `3 h`, `12 days`. */
export function formatDuration(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / SECOND))} s`;
  if (ms < HOUR) return `${Math.round(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.round(ms / HOUR)} h`;
  return `${Math.round(ms / DAY)} days`;
}

/** `just now`, `5 min ago`, `in 3 h`. */
export function formatAge(time: number, now: number): string {
  const age = now - time;
  if (Math.abs(age) < 5 * SECOND) return 'just now';
  return age < 0 ? `in ${formatDuration(-age)}` : `${formatDuration(age)} ago`;
}

/** Date and time of this place, to the second: `2026-11-21 14:05:09`. */
export function formatTime(time: number): string {
  const date = new Date(time);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join('-');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
  return `${day} ${clock}`;
}

function twoDigits(part: number): string {
  return String(part).padStart(2, '0');
}

/** `2026-11-21` → `21 Nov` */
export function formatDay(day: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  });
}
