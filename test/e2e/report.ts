import { writeFile } from 'node:fs/promises';
import { describeExchange, type Traffic } from './traffic.ts';

export interface Row {
  readonly client: string;
  readonly scenario: string;
  readonly outcome: 'ok' | 'FAIL';
  readonly seconds: number;
  readonly clientRequests: number;
  readonly upstreamHeads: number;
  readonly upstreamGets: number;
  /** Every request on either side, in order. */
  readonly exchanges: readonly string[];
  /** Why it failed, a line each. */
  readonly problems: readonly string[];
}

export interface Trial {
  readonly client: string;
  readonly scenario: string;
  readonly seconds: number;
  readonly traffic: Traffic;
  readonly problems: readonly string[];
}

const HEADINGS = ['client', 'scenario', 'outcome', 'requests', 'upstream HEAD/GET', 'seconds'];

/** Enough for any single pull or push; a stampede's log would bury everything else. */
const MAX_EXCHANGES_SHOWN = 100;

/** Collects the outcome of every trial and shows it as it happens. */
export class Report {
  readonly #rows: Row[] = [];
  readonly #versions: Record<string, string> = {};

  get failed(): boolean {
    return this.#rows.some(({ outcome }) => outcome === 'FAIL');
  }

  version(client: string, text: string): void {
    this.#versions[client] = text;
  }

  /** Something worth knowing that decides nothing. */
  note(client: string, text: string): void {
    console.log(`     ${client}: ${text.replaceAll('\n', '\n       ')}`);
  }

  /** A failure outside of any trial: a client that does not start, a server that does not end. */
  broke(client: string, problem: string): void {
    const traffic = { clientSide: [], upstreamSide: [] };
    this.add({ client, scenario: 'start and end', seconds: 0, traffic, problems: [problem] });
  }

  add({ traffic, problems, ...trial }: Trial): void {
    const { clientSide, upstreamSide } = traffic;
    const upstream = (method: string): number =>
      upstreamSide.filter((exchange) => exchange.method === method).length;
    const outcome = problems.length === 0 ? 'ok' : 'FAIL';
    const exchanges = [
      ...clientSide.map((exchange) => `client: ${describeExchange(exchange)}`),
      ...upstreamSide.map((exchange) => `upstream: ${describeExchange(exchange)}`),
    ];
    this.#rows.push({
      ...trial,
      outcome,
      clientRequests: clientSide.length,
      upstreamHeads: upstream('HEAD'),
      upstreamGets: upstream('GET'),
      exchanges,
      problems,
    });
    const { client, scenario, seconds } = trial;
    console.log(`${outcome.padEnd(4)} ${client}: ${scenario} (${seconds.toFixed(1)} s)`);
    if (outcome === 'ok') return;
    const more = exchanges.length - MAX_EXCHANGES_SHOWN;
    const lines = [
      ...problems.flatMap((problem) => problem.split('\n')),
      ...exchanges.slice(0, MAX_EXCHANGES_SHOWN),
      ...(more > 0 ? [`and ${more} more requests`] : []),
    ];
    for (const line of lines) console.log(`       ${line}`);
  }

  /** The table of all trials, as Markdown. */
  table(): string {
    const cells = this.#rows.map((row) => [
      row.client,
      row.scenario,
      row.outcome,
      String(row.clientRequests),
      `${row.upstreamHeads}/${row.upstreamGets}`,
      row.seconds.toFixed(1),
    ]);
    const widths = HEADINGS.map((heading, i) =>
      Math.max(heading.length, ...cells.map((row) => row[i]?.length ?? 0)),
    );
    const line = (row: readonly string[]): string =>
      `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
    return [HEADINGS, widths.map((width) => '-'.repeat(width)), ...cells].map(line).join('\n');
  }

  /** Writes the outcome to `file`: as JSON if it is named so, else as Markdown. */
  async write(file: string): Promise<void> {
    const json = { clients: this.#versions, trials: this.#rows };
    const clients = Object.entries(this.#versions).map(([name, text]) => `- ${name}: ${text}`);
    const markdown = `${clients.join('\n')}\n\n${this.table()}\n`;
    await writeFile(file, file.endsWith('.json') ? JSON.stringify(json, null, 2) : markdown);
  }
}
