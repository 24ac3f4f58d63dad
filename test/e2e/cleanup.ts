/** What has to be undone at the end, whatever happened before: newest first, one failure never hides the rest. */
export class Cleanup {
  readonly #tasks: { readonly what: string; readonly undo: () => Promise<void> }[] = [];

  defer(what: string, undo: () => Promise<void>): void {
    this.#tasks.push({ what, undo });
  }

  /** Undoes everything; what could not be undone is returned as text, never thrown. */
  async run(): Promise<string[]> {
    const problems: string[] = [];
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      try {
        await task.undo();
      } catch (error) {
        problems.push(`${task.what}: ${String(error)}`);
      }
    }
    return problems;
  }
}
