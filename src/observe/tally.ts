import type { Counter } from 'prom-client';

/**
 * A counter for what happens thousands of times a second: adds up under a short key, and hands over to the library, which sorts
 * and joins the labels each time, when somebody looks.
 */
export class Tally<Label extends string> {
  readonly #counter: Counter<Label>;
  readonly #sums = new Map<string, { readonly labels: Record<Label, string>; sum: number }>();

  constructor(counter: Counter<Label>) {
    this.#counter = counter;
  }

  /** @param key - tells the labels apart */
  add(key: string, labels: Record<Label, string>, count = 1): void {
    const known = this.#sums.get(key);
    if (known) known.sum += count;
    else this.#sums.set(key, { labels, sum: count });
  }

  /** Hands over what was added since the last time. */
  pour(): void {
    for (const { labels, sum } of this.#sums.values()) this.#counter.inc(labels, sum);
    this.#sums.clear();
  }
}
