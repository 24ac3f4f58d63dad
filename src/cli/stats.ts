import type { Command } from 'commander';
import { fillsAnswer, upstreamsAnswer, usageAnswer } from '../api/activity.ts';
import { statusAnswer } from '../api/status.ts';
import { systemClock } from '../clock.ts';
import { countOption } from './count-option.ts';
import { describeServer } from './describe-server.ts';
import { describeUsage, totalUsage } from './describe-usage.ts';
import { type JsonOption, print, withJson } from './print.ts';
import { connect, type ServerOptions, withServer } from './server-options.ts';
import type { Terminal } from './terminal.ts';

interface Options extends JsonOption, ServerOptions {
  readonly days: number;
}

/** A year and a bit; the server keeps no more. */
const MOST_DAYS = 400;

export function addStats(program: Command, terminal: Terminal): void {
  const command = program
    .command('stats')
    .summary('what the mirror holds, does and saves')
    .description(
      'Shows how full the store is, how the upstreams are and what is left of their pull limits, what is being fetched, ' +
        'and what the mirror served and saved day by day: the answer to "what did it save me this week".',
    )
    .addOption(countOption('--days <count>', 'how many days, with today', MOST_DAYS).default(7))
    .addHelpText('after', EXAMPLES);
  withServer(withJson(command)).action(async (options: Options) => {
    const client = await connect(options, terminal);
    const [status, { upstreams }, { fills }, { days }] = await Promise.all([
      client.get(statusAnswer, '/status'),
      client.get(upstreamsAnswer, '/upstreams'),
      client.get(fillsAnswer, '/fills'),
      client.get(usageAnswer, '/usage', { days: options.days }),
    ]);
    const answer = { status, upstreams, fills, days, total: totalUsage(days) };
    print(answer, options, terminal, () =>
      [
        describeServer({ status, upstreams, fills, now: systemClock.now() }, terminal),
        describeUsage(days, terminal),
      ].join('\n'),
    );
  });
}

const EXAMPLES = `
Examples:
  holdfast stats                             this week
  holdfast stats --days 30
  holdfast stats --json | jq .total.bytesSaved

Saved is what clients got less what was fetched from upstream for it; days are those of UTC.
`;
