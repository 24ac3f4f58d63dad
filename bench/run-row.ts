import { median } from './median.ts';
import type { Goal, Measure, Round, Row, Sample } from './row.ts';
import { Stage } from './stage.ts';
import type { Options } from './options.ts';

export interface ReachedGoal {
  readonly goal: Goal;
  /** Median over the rounds; undefined where it could not be taken. */
  readonly value: number | undefined;
  readonly reached: boolean;
}

export interface RowResult {
  readonly row: Row;
  /** Medians over the rounds. */
  readonly contenders: ReadonlyMap<string, Sample>;
  readonly goals: readonly ReachedGoal[];
}

/** One round to warm up, then the contenders in turn, each round in another order. */
export async function runRow(
  row: Row,
  options: Options,
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<RowResult> {
  const stage = await Stage.open(options);
  try {
    progress(`${row.name}: preparing`);
    const measures = await row.prepare(stage);
    const rounds: Round[] = [];
    for (let number = 0; number <= options.rounds; number++) {
      const round = await runRound(row, rotated(measures, number), signal, (text) =>
        progress(`${row.name}: ${number === 0 ? 'warm-up' : `round ${number}`}: ${text}`),
      );
      if (number > 0) rounds.push(round);
    }
    return {
      row,
      contenders: new Map(
        Array.from(measures.keys(), (name) => [name, medians(row, name, rounds)]),
      ),
      goals: row.goals.map((goal) => reach(goal, rounds)),
    };
  } finally {
    await stage.close();
  }
}

async function runRound(
  row: Row,
  measures: readonly (readonly [string, Measure])[],
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<Round> {
  const round = new Map<string, Sample>();
  for (const [name, measure] of measures) {
    signal.throwIfAborted();
    const sample = await measure();
    round.set(name, sample);
    const told = row.columns.map(({ key, title, digits }) => {
      const value = sample[key];
      return value === undefined ? '' : `${value.toFixed(digits)} ${title}`;
    });
    progress(`${name}: ${told.filter((text) => text !== '').join(', ')}`);
  }
  return round;
}

function rotated<T>(all: ReadonlyMap<string, T>, by: number): readonly (readonly [string, T])[] {
  const entries = [...all];
  const start = by % entries.length;
  return [...entries.slice(start), ...entries.slice(0, start)];
}

function medians(row: Row, contender: string, rounds: readonly Round[]): Sample {
  const sample: Record<string, number> = {};
  for (const { key } of row.columns) {
    const values = rounds
      .map((round) => round.get(contender)?.[key])
      .filter((value) => value !== undefined);
    if (values.length > 0) sample[key] = median(values);
  }
  return sample;
}

function reach(goal: Goal, rounds: readonly Round[]): ReachedGoal {
  const values = rounds.map((round) => goal.of(round)).filter((value) => value !== undefined);
  if (values.length === 0) return { goal, value: undefined, reached: false };
  const value = median(values);
  return {
    goal,
    value,
    reached: goal.kind === 'at least' ? value >= goal.limit : value <= goal.limit,
  };
}
