import { useEffect, useState } from 'preact/hooks';
import { formatAge, formatTime } from '../format.ts';

const TICK_MS = 10_000;

/** The time of the moment, which moves on by itself; ms. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** How long ago; the exact time as title. */
export function Age({ time }: { readonly time: number | null }) {
  const now = useNow();
  if (time === null) return <span class="quiet">–</span>;
  return (
    <time dateTime={new Date(time).toISOString()} title={formatTime(time)}>
      {formatAge(time, now)}
    </time>
  );
}
