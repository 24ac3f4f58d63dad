import { Evictions } from './evictions.tsx';
import { Fills } from './fills.tsx';
import { Misses } from './misses.tsx';
import { Pins } from './pins.tsx';

/** What comes, why it had to, and what would go. */
export function Activity() {
  return (
    <>
      <h1 tabIndex={-1} class="unseen">
        Activity
      </h1>
      <div class="cards">
        <Fills />
        <Pins />
        <Misses />
        <Evictions />
      </div>
    </>
  );
}
