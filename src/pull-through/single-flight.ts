/**
 * One flight per key: whoever asks while it is under way gets its outcome, also its failure. The key is free again as
 * soon as the flight has settled, so a failure is never remembered here.
 */
export class SingleFlight<Value> {
  readonly #flights = new Map<string, Promise<Value>>();

  /** Joins the flight of that key, or starts one. `joined` tells which. */
  run(
    key: string,
    start: () => Promise<Value>,
  ): { readonly joined: boolean; readonly result: Promise<Value> } {
    const running = this.#flights.get(key);
    if (running) return { joined: true, result: running };
    const result = start().finally(() => this.#flights.delete(key));
    this.#flights.set(key, result);
    return { joined: false, result };
  }
}
