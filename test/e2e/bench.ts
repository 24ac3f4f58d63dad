import type { Holdfast } from './holdfast.ts';
import type { Report } from './report.ts';
import { type Expectation, record } from './traffic.ts';

/** Puts one client through trials against one Holdfast, and reports each. */
export class Bench {
  readonly client: string;
  readonly holdfast: Holdfast;
  readonly #report: Report;

  constructor(client: string, holdfast: Holdfast, report: Report) {
    this.client = client;
    this.holdfast = holdfast;
    this.#report = report;
  }

  /** Runs `body`, which throws where the client fails, and holds the traffic to `expectation`. */
  async trial(
    scenario: string,
    expectation: Expectation,
    body: () => Promise<void>,
  ): Promise<void> {
    const started = performance.now();
    const { traffic, failure } = await record(this.holdfast, body);
    const seconds = (performance.now() - started) / 1000;
    const problems = expectation(traffic);
    if (failure !== undefined) problems.unshift(messageOf(failure));
    this.#report.add({ client: this.client, scenario, seconds, traffic, problems });
    if (problems.length > 0) this.#report.note('holdfast', await this.holdfast.logTail());
  }

  /** Tries something that not every machine allows, and only says how it went. */
  async attempt(what: string, body: () => Promise<string>): Promise<void> {
    try {
      this.#report.note(this.client, `${what}: ${await body()}`);
    } catch (error) {
      this.#report.note(this.client, `${what} is not possible here: ${messageOf(error)}`);
    }
  }
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
