import { type Held, Ledger } from '../crash/ledger.ts';

interface Change {
  readonly paths: readonly string[];
  readonly held: Held;
  /** How many answers the client had when it began. */
  readonly begun: number;
  /** How many it had when the change was acknowledged, that acknowledgement included. */
  acknowledged: number;
}

/** A ledger that can say what was known at any time before. Time is the number of answers that the client has got. */
export class DatedLedger extends Ledger {
  readonly #changes: Change[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    super();
    this.#now = now;
  }

  override begin(paths: readonly string[], held: Held): () => void {
    const change = { paths, held, begun: this.#now(), acknowledged: Infinity };
    this.#changes.push(change);
    const acknowledge = super.begin(paths, held);
    return () => {
      change.acknowledged = this.#now();
      acknowledge();
    };
  }

  /** What is certain once so many answers have been given. */
  at(answers: number): Ledger {
    const ledger = new Ledger();
    for (const { paths, held, begun, acknowledged } of this.#changes) {
      if (begun > answers) continue;
      const acknowledge = ledger.begin(paths, held);
      if (acknowledged <= answers) acknowledge();
    }
    return ledger;
  }
}
