/** At most so many lines across a plot, the one at 0 aside. */
const MOST_TICKS = 4;
const ROUND = [1, 2, 5, 10] as const;

/** Round numbers from 0 to at least `max`, for an axis: 0, 20, 40, 60 for 47. Never more than five. */
export function ticksUpTo(max: number): readonly number[] {
  if (!(max > 0)) return [0, 1];
  const least = max / MOST_TICKS;
  const power = 10 ** Math.floor(Math.log10(least));
  // Nobody makes half a request, and bytes come whole too.
  const step = Math.max(1, (ROUND.find((factor) => factor * power >= least) ?? 10) * power);
  return Array.from({ length: Math.ceil(max / step) + 1 }, (_, index) => index * step);
}
