import { useState } from 'preact/hooks';
import { Evictions } from './evictions.tsx';
import { Fills } from './fills.tsx';
import { Misses } from './misses.tsx';
import { Pins } from './pins.tsx';

/** What comes, why it had to, and what would go. */
export function Activity() {
  const [pinsChanged, setPinsChanged] = useState(0);
  return (
    <>
      <h1 tabIndex={-1} class="unseen">
        Activity
      </h1>
      <div class="cards">
        <Fills />
        <Pins onChange={() => setPinsChanged((times) => times + 1)} />
        <Misses />
        <Evictions revision={pinsChanged} />
      </div>
    </>
  );
}
