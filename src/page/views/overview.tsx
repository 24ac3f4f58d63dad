import { DiskUse } from './disk-use.tsx';
import { Fills } from './fills.tsx';
import { Savings } from './savings.tsx';
import { Upstreams } from './upstreams.tsx';

/** What it saves, what it is doing, and how it and its surroundings are. */
export function Overview() {
  return (
    <>
      <h1 tabIndex={-1} class="unseen">
        Overview
      </h1>
      <div class="cards">
        <Savings />
        <DiskUse />
        <Fills />
        <Upstreams />
      </div>
    </>
  );
}
