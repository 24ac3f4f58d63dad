/** Runs a task at once and then again and again, never twice at a time. */
export class Schedule {
  readonly #task: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;

  constructor(intervalMs: number, task: () => Promise<void>, onError: (error: unknown) => void) {
    this.#task = task;
    this.#onError = onError;
    this.#timer = setInterval(() => this.#run(), intervalMs);
    this.#timer.unref();
    this.#run();
  }

  /** No further run begins; resolves when the one under way is over. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  #run(): void {
    this.#running ??= this.#task()
      .catch(this.#onError)
      .finally(() => {
        this.#running = undefined;
      });
  }
}
