import type { Series } from './day-chart.tsx';

interface DayTableProps<Day extends { readonly day: string }> {
  readonly label: string;
  readonly days: readonly Day[];
  readonly series: readonly Series<Day>[];
  readonly format: (value: number) => string;
}

/** The numbers of a chart, newest day first, folded away until they are asked for. */
export function DayTable<Day extends { readonly day: string }>(props: DayTableProps<Day>) {
  const { label, days, series, format } = props;
  return (
    <details class="numbers">
      <summary>
        Numbers <span class="unseen">of {label}</span>
      </summary>
      <div class="scroll" tabIndex={0} role="region" aria-label={`${label}, numbers`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Day</th>
              {series.map(({ name }) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days.toReversed().map((day) => (
              <tr key={day.day}>
                <th scope="row">{day.day}</th>
                {series.map(({ name, value }) => (
                  <td key={name} class="number">
                    {format(value(day))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
