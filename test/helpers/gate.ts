/** Holds somebody at a known point until the test lets them go on: order without sleeping. */
export class Gate {
  /** Resolves when somebody first stands at the gate. */
  readonly reached: Promise<void>;
  readonly #released: Promise<void>;
  #reach: () => void = () => undefined;
  #release: () => void = () => undefined;

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
    this.#released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** Opens the gate for good. */
  release(): void {
    this.#release();
  }

  /** Stands at the gate; an open one is walked through. */
  pass(): Promise<void> {
    this.#reach();
    return this.#released;
  }
}
