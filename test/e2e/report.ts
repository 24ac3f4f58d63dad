import { writeFile } from 'node:fs/promises';
import { describeExchange, type Traffic } from './traffic.ts';

export interface Row {
  readonly client: string;
  readonly scenario: string;
  readonly outcome: 'ok' | 'FAIL' | 'missing';
  readonly seconds: number;
  readonly clientRequests: number;
  readonly upstreamHeads: number;
  readonly upstreamGets: number;
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
    console.log(`     ${client}: ${text}`);
  }

  /** A client that did not start; it fails the run unless `allowed`. */
  missing(client: string, reason: string, allowed: boolean): void {
    this.#add({
      client,
      scenario: 'start',
      outcome: allowed ? 'missing' : 'FAIL',
      seconds: 0,
      clientRequests: 0,
      upstreamHeads: 0,
      upstreamGets: 0,
      problems: [reason],
    });
  }

  add({ traffic, problems, ...trial }: Trial): void {
    const { clientSide, upstreamSide } = traffic;
    const upstream = (method: string): number =>
      upstreamSide.filter((exchange) => exchange.method === method).length;
    this.#add({
      ...trial,
      outcome: problems.length === 0 ? 'ok' : 'FAIL',
      clientRequests: clientSide.length,
      upstreamHeads: upstream('HEAD'),
      upstreamGets: upstream('GET'),
      problems,
    });
    if (problems.length === 0) return;
    for (const exchange of clientSide) console.log(`       client   ${describeExchange(exchange)}`);
    for (const exchange of upstreamSide) {
      console.log(`       upstream ${describeExchange(exchange)}`);
    }
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

  #add(row: Row): void {
    this.#rows.push(row);
    const { outcome, client, scenario, seconds } = row;
    console.log(`${outcome.padEnd(4)} ${client}: ${scenario} (${seconds.toFixed(1)} s)`);
    for (const problem of row.problems)
      console.log(`       ${problem.replaceAll('\n', '\n       ')}`);
  }
}
