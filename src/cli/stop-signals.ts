/** The first SIGTERM or SIGINT asks to stop, the second to stop now. */
export class StopSignals {
  /** Resolves with the name of the first signal. */
  readonly first: Promise<NodeJS.Signals>;
  /** Rejects at the second signal; never resolves. */
  readonly second: Promise<never>;
  #count = 0;
  #onFirst: (signal: NodeJS.Signals) => void = () => undefined;
  #onSecond: (reason: Error) => void = () => undefined;

  constructor() {
    this.first = new Promise((resolve) => {
      this.#onFirst = resolve;
    });
    this.second = new Promise((_, reject) => {
      this.#onSecond = reject;
    });
    // It may come when nobody races against it yet, or any more.
    this.second.catch(() => undefined);
    process.on('SIGTERM', this.#handler);
    process.on('SIGINT', this.#handler);
  }

  close(): void {
    process.off('SIGTERM', this.#handler);
    process.off('SIGINT', this.#handler);
  }

  readonly #handler = (signal: NodeJS.Signals): void => {
    this.#count += 1;
    if (this.#count === 1) this.#onFirst(signal);
    else this.#onSecond(new Error('stopped at once by a second signal, running requests were cut'));
  };
}
