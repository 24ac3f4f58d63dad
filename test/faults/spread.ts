/** Smallest, median, 95th percentile and largest, in words. */
export function spread(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (part: number): string =>
    String(Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN));
  return `min ${at(0)}, median ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)}`;
}
