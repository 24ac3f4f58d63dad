import { MultiBar, type SingleBar } from 'cli-progress';
import { printable } from './printable.ts';
import { readableSize } from './quantities.ts';
import type { Terminal } from './terminal.ts';

/** One piece of long work. */
export interface ProgressLine {
  /** It has come to `done` of `total`. Leave `total` out where it has not changed; null: nobody knows it. */
  update(done: number, total?: number | null): void;
  /** It has ended; `outcome` says how: `done`, `already there`, `failed: …`. Its bar goes, a plain line stays. */
  end(outcome: string): void;
}

export interface ProgressOptions {
  /** What `done` and `total` count. */
  readonly unit: 'bytes' | 'pieces';
}

/**
 * Shows how far long work has come, on stderr: a bar for each running piece on a terminal, elsewhere a plain line for
 * its begin, each tenth of it and its end. Close it before anything else is printed, also when the work failed.
 */
export class Progress {
  readonly #terminal: Terminal;
  readonly #unit: ProgressOptions['unit'];
  readonly #bars: MultiBar | undefined;

  constructor(terminal: Terminal, { unit }: ProgressOptions) {
    this.#terminal = terminal;
    this.#unit = unit;
    const { drawing } = terminal;
    this.#bars = drawing && new MultiBar({ ...BAR, stream: drawing });
  }

  /** Begins a piece of work. */
  add(name: string, total: number | null = null): ProgressLine {
    const shown = printable(name);
    return this.#bars === undefined
      ? this.#plain(shown, total)
      : this.#bar(this.#bars, shown, total);
  }

  close(): void {
    this.#bars?.stop();
  }

  #plain(name: string, initial: number | null): ProgressLine {
    let total = initial;
    let tenth = 0;
    this.#terminal.err(total === null ? `${name}\n` : `${name}: ${this.#count(total)}\n`);
    return {
      update: (done, changed = total) => {
        total = changed;
        const reached = total === null || total === 0 ? 0 : Math.floor((done * 10) / total);
        if (reached <= tenth || total === null) return;
        tenth = reached;
        this.#terminal.err(`${name}: ${reached * 10}% of ${this.#count(total)}\n`);
      },
      end: (outcome) => this.#terminal.err(`${name}: ${printable(outcome)}\n`),
    };
  }

  #bar(bars: MultiBar, name: string, initial: number | null): ProgressLine {
    let total = initial;
    const counted = (done: number): { count: string } => ({
      count: total === null ? this.#count(done) : `${this.#count(done)} of ${this.#count(total)}`,
    });
    const bar: SingleBar = bars.create(total ?? 0, 0, { name, ...counted(0) });
    // Shown at once: what follows may take long before it tells anything.
    bars.update();
    return {
      update: (done, changed = total) => {
        if (changed !== total) bar.setTotal(changed ?? 0);
        total = changed;
        bar.update(done, counted(done));
      },
      end: (outcome) => {
        // Drawn above the bars that are left when they are drawn again, which removing does.
        bars.log(`${name}: ${printable(outcome)}\n`);
        bars.remove(bar);
      },
    };
  }

  #count(value: number): string {
    return this.#unit === 'bytes' ? readableSize(value) : String(value);
  }
}

const BAR = {
  format: '{bar} {percentage}%  {count}  {name}',
  barCompleteChar: '#',
  barIncompleteChar: '-',
  barsize: 24,
  // A bar that is gone leaves no empty lines.
  clearOnComplete: true,
  // It would swallow the first Ctrl-C; the cursor and the wrapping are left alone, so there is nothing to put back.
  gracefulExit: false,
  linewrap: true,
} as const;
