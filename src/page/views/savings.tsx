import { useState } from 'preact/hooks';
import { usageAnswer, type UsageDay } from '../../api/activity.ts';
import { sumUsage, type UsageCounts } from '../../usage-counts.ts';
import { DayChart } from '../charts/day-chart.tsx';
import { formatBytes, formatCount, formatShare } from '../format.ts';
import { Answered } from '../parts/answered.tsx';
import { Card } from '../parts/card.tsx';
import { Segments } from '../parts/segments.tsx';
import { apiPath } from '../server/request.ts';
import { useAnswer } from '../server/use-answer.ts';

const EVERY_MS = 15_000;
const PERIODS = [
  { value: 7, text: '7 days' },
  { value: 30, text: '30 days' },
  { value: 90, text: '90 days' },
] as const;

const BYTES = [
  { name: 'Served', colour: 'served', value: ({ total }: UsageDay) => total.bytesServed },
  { name: 'Fetched', colour: 'fetched', value: ({ total }: UsageDay) => total.bytesFetched },
] as const;

const REQUESTS = [
  // A stale answer comes from what is held too.
  { name: 'Hits', colour: 'hits', value: ({ total }: UsageDay) => total.hits },
  { name: 'Stale', colour: 'stale', value: ({ total }: UsageDay) => total.stale },
  { name: 'Misses', colour: 'misses', value: ({ total }: UsageDay) => total.misses },
] as const;

export function Savings() {
  const [days, setDays] = useState<number>(PERIODS[0].value);
  const { answer } = useAnswer(usageAnswer, apiPath('usage', { days }), { everyMs: EVERY_MS });
  const period = <Segments label="Period" options={PERIODS} value={days} onChange={setDays} />;
  return (
    <Card title="Saved" aside={period} wide>
      <div class="savings">
        <Answered answer={answer} lines={8}>
          {(usage) => (
            <>
              <Figures total={sumUsage(...usage.days.map(({ total }) => total))} days={days} />
              <div class="charts">
                <DayChart
                  label="Bytes a day"
                  days={usage.days}
                  series={BYTES}
                  columns="before"
                  format={formatBytes}
                />
                <DayChart
                  label="Requests a day"
                  days={usage.days}
                  series={REQUESTS}
                  columns="upon"
                  format={formatCount}
                />
              </div>
            </>
          )}
        </Answered>
      </div>
    </Card>
  );
}

function Figures({ total, days }: { readonly total: UsageCounts; readonly days: number }) {
  const { requests, hits, stale, bytesServed, bytesFetched } = total;
  const saved = bytesServed - bytesFetched;
  return (
    <div class="figures">
      <p class="headline">
        <b>{formatBytes(saved)}</b>
        <span>
          {saved < 0 ? 'fetched ahead of need' : 'not fetched again'} in the last {days} days
        </span>
      </p>
      <dl>
        <div>
          <dt>Hit rate</dt>
          <dd>{formatShare(hits + stale, requests)}</dd>
        </div>
        <div>
          <dt>Requests</dt>
          <dd>{formatCount(requests)}</dd>
        </div>
        <div>
          <dt>Served</dt>
          <dd>{formatBytes(bytesServed)}</dd>
        </div>
        <div>
          <dt>Fetched</dt>
          <dd>{formatBytes(bytesFetched)}</dd>
        </div>
      </dl>
    </div>
  );
}
