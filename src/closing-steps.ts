/** What has to be put away at the end, in the reverse order of how it came about. */
export class ClosingSteps {
  readonly #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Takes every step, also after one that fails. Rejects with that failure; with an AggregateError where there were several. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    const [first, ...more] = failures;
    if (more.length > 0) throw new AggregateError(failures, messageOf(first), { cause: first });
    if (failures.length > 0) throw first;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
