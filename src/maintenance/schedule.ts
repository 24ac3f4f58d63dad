export interface ScheduleOptions {
  readonly intervalMs: number;
  /** Before the first run; 0: at once. */
  readonly firstAfterMs?: number;
  /** `signal` aborts when the schedule is closed. */
  readonly task: (signal: AbortSignal) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Runs a task again and again, and when it is asked to, never twice at a time. */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #closing = new AbortController();
  readonly #timers: readonly NodeJS.Timeout[];
  #running: Promise<void> | undefined;
  #again = false;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    const { intervalMs, firstAfterMs = 0 } = options;
    const run = (): void => this.#run();
    this.#timers = [setInterval(run, intervalMs), setTimeout(run, firstAfterMs)];
    for (const timer of this.#timers) timer.unref();
  }

  /** Runs the task now; where it is running already, once more after that, however often this is called. */
  soon(): void {
    if (this.#running) this.#again = true;
    else this.#run();
  }

  /** No further run begins; resolves when the one under way is over. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#running;
  }

  #run(): void {
    const { signal } = this.#closing;
    if (signal.aborted) return;
    this.#running ??= this.#options
      .task(signal)
      .catch((error: unknown) => {
        // What a task says of having been told to stop is not a failure.
        if (!signal.aborted) this.#options.onError(error);
      })
      .finally(() => {
        this.#running = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.#run();
      });
  }
}
