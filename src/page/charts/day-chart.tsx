import { useState } from 'preact/hooks';
import { formatDay } from '../format.ts';
import { DayTable } from './day-table.tsx';
import { ticksUpTo } from './ticks.ts';

/** One kind of column. */
export interface Series<Day> {
  readonly name: string;
  /** Its colour in the style sheet. */
  readonly colour: 'served' | 'fetched' | 'hits' | 'stale' | 'misses';
  readonly value: (day: Day) => number;
}

interface DayChartProps<Day extends { readonly day: string }> {
  readonly label: string;
  /** Oldest first. */
  readonly days: readonly Day[];
  readonly series: readonly Series<Day>[];
  /** `before`: each column stands before the one named first; `upon`: they are stacked. */
  readonly columns: 'before' | 'upon';
  readonly format: (value: number) => string;
}

/**
 * Columns by day. The numbers of the day under the pointer, or else of all days, stand above; those who do not use a pointer
 * have a table with all of them below.
 */
export function DayChart<Day extends { readonly day: string }>(props: DayChartProps<Day>) {
  const { label, days, series, columns, format } = props;
  const [pointed, setPointed] = useState<string>();
  const shown = days.find(({ day }) => day === pointed);
  const sum = (day: Day): number => series.reduce((total, { value }) => total + value(day), 0);
  const most = (day: Day): number => Math.max(...series.map(({ value }) => value(day)));
  const ticks = ticksUpTo(Math.max(0, ...days.map(columns === 'upon' ? sum : most)));
  const top = ticks.at(-1) ?? 1;
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{label}</span>
        <span class="chart-day">{shown ? formatDay(shown.day) : 'all days'}</span>
        <ul class="legend">
          {series.map(({ name, colour, value }) => (
            <li key={name}>
              <span class={`swatch ${colour}`} />
              {name}{' '}
              <b>
                {format((shown ? [shown] : days).reduce((total, day) => total + value(day), 0))}
              </b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div class="plot" aria-hidden="true" onPointerLeave={() => setPointed(undefined)}>
        <ol class="axis">
          {ticks.toReversed().map((tick) => (
            <li key={tick}>
              <span>{format(tick).replace(/\.0+(?= )/, '')}</span>
            </li>
          ))}
        </ol>
        <div class={`days ${columns}`}>
          {days.map((day) => (
            <div
              key={day.day}
              class={day.day === pointed ? 'day pointed' : 'day'}
              onPointerEnter={() => setPointed(day.day)}
            >
              {series.map(({ name, colour, value }) => (
                <span
                  key={name}
                  class={`column ${colour}`}
                  style={{ height: `${(value(day) / top) * 100}%` }}
                />
              ))}
            </div>
          ))}
        </div>
        <ol class="dates">
          {[days.at(0), days.at(days.length >> 1), days.at(-1)].map(
            (day) => day && <li key={day.day}>{formatDay(day.day)}</li>,
          )}
        </ol>
      </div>
      <DayTable label={label} days={days} series={series} format={format} />
    </figure>
  );
}
