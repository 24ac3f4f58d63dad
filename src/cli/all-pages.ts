import { MAX_PAGE } from '../api/protocol.ts';

interface Page<Entry> {
  readonly entries: readonly Entry[];
  /** What the next page begins behind; null: this is the last one. */
  readonly next: string | null;
}

/** Where a page begins, and how many entries it may have. */
export interface PageRequest {
  readonly n: number;
  readonly last: string | undefined;
}

/** The entries of a listing, page after page, at most `limit` of them. */
export async function allPages<Entry>(
  limit: number,
  fetchPage: (request: PageRequest) => Promise<Page<Entry>>,
): Promise<Entry[]> {
  const found: Entry[] = [];
  let last: string | undefined;
  while (found.length < limit) {
    const { entries, next } = await fetchPage({
      n: Math.min(MAX_PAGE, limit - found.length),
      last,
    });
    found.push(...entries);
    if (next === null) break;
    last = next;
  }
  return found.slice(0, limit);
}
