import type { Stage } from './stage.ts';

/** What one measurement of one contender found, by the key of a column. */
export type Sample = Readonly<Record<string, number>>;

/** The samples of one round, by contender: they were taken right after each other. */
export type Round = ReadonlyMap<string, Sample>;

export interface Column {
  readonly key: string;
  /** With the unit. */
  readonly title: string;
  readonly digits: number;
}

/** What is to be reached. Ratios are taken within a round, so that what disturbs the machine disturbs both sides. */
export interface Goal {
  readonly title: string;
  readonly kind: 'at least' | 'at most';
  readonly limit: number;
  /** Undefined where a contender of the ratio did not take part. */
  readonly of: (round: Round) => number | undefined;
}

/** Takes one sample of a contender. */
export type Measure = () => Promise<Sample>;

/** One row of the table: the same work for several contenders. */
export interface Row {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly Column[];
  readonly goals: readonly Goal[];
  /** Starts what is needed; every contender is measured once per round. */
  prepare(stage: Stage): Promise<ReadonlyMap<string, Measure>>;
}

/** A goal over the ratio of two contenders in one column. */
export function ratioGoal(
  kind: Goal['kind'],
  limit: number,
  key: string,
  contender: string,
  peer: string,
): Goal {
  return {
    title: `${key === 'speed' ? '' : `${key}, `}${contender} / ${peer}`,
    kind,
    limit,
    of: (round) => ratio(round.get(contender)?.[key], round.get(peer)?.[key]),
  };
}

function ratio(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one / other;
}
