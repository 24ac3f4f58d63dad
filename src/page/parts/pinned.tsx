import { PinIcon } from './icons.tsx';

/** Says that something is kept from eviction. */
export function Pinned() {
  return (
    <span class="tag pinned">
      <PinIcon />
      pinned
    </span>
  );
}
