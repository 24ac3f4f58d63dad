import { useEffect, useState } from 'preact/hooks';

/** A value that several parts of the page show and any may change. */
export class Shared<T> {
  #value: T;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  change(change: (before: T) => T): void {
    this.#value = change(this.#value);
    for (const listener of this.#listeners) listener(this.#value);
  }

  /** A hook: the value of the moment; renders again when it changes. */
  use(): T {
    const [value, setValue] = useState(this.#value);
    useEffect(() => {
      setValue(this.#value);
      this.#listeners.add(setValue);
      return () => void this.#listeners.delete(setValue);
    }, []);
    return value;
  }
}
