/** How long what was learned of a tag is good for. Digests are immutable: they never age. All times in ms. */
export interface TagPolicy {
  /** Fresh that long after the tag was last checked. */
  readonly maxAge: number;
  /** RFC 5861 §3: past `maxAge`, still served at once that much longer, while it is revalidated. */
  readonly staleWhileRevalidate: number;
  /** RFC 5861 §4: past `maxAge`, served that much longer if upstream fails. */
  readonly staleIfError: number;
  /** How long a 404 is remembered. */
  readonly negativeMaxAge: number;
  /** What to do with a tag that upstream no longer has. */
  readonly whenDeleted: 'not-found' | 'serve-stale';
  /** How long upstream must have been seen to name something by the tag before that is taken over; 0: not at all. */
  readonly minAge: number;
  /** What a tag gets of which only something younger than that is known. */
  readonly whenNew: 'refuse' | 'serve';
}

export type Freshness =
  | { readonly state: 'fresh' }
  /** `servable`: now, before upstream has been asked again. `age` counts from the end of freshness. */
  | { readonly state: 'stale'; readonly servable: boolean; readonly age: number }
  /** Older than even an upstream failure excuses. */
  | { readonly state: 'expired'; readonly age: number };

export function freshness(checkedAt: number, policy: TagPolicy, now: number): Freshness {
  const age = now - checkedAt - policy.maxAge;
  // A clock that was set back must not make a tag fresh for longer than maxAge from now.
  if (age < 0 && checkedAt <= now) return { state: 'fresh' };
  // Less than, not up to: with a window of 0 nothing is served before it has been checked.
  if (age < policy.staleWhileRevalidate) return { state: 'stale', servable: checkedAt <= now, age };
  if (age <= policy.staleIfError) return { state: 'stale', servable: false, age };
  return { state: 'expired', age };
}
