/** A mirror with content, and commands that speak to it. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../helpers/eventually.ts';
import { type Mirror, startMirror } from '../helpers/mirror.ts';
import { pullImage, type Pulled } from '../helpers/registry-client.ts';
import { ran } from './terminal.ts';

export interface Stocked extends Mirror {
  /** Pulls an image, and waits until all of it is put away. */
  readonly pull: (repository: string, reference: string) => Promise<Pulled>;
  /** Runs a command against it; anything but success fails the test. */
  readonly does: (...args: string[]) => Promise<string>;
  /** The same with --json. */
  readonly tells: <Answer>(...args: string[]) => Promise<Answer>;
  /** Runs a command that must end with `code`; what it says on stderr. */
  readonly fails: (code: number, ...args: string[]) => Promise<string>;
}

/** A mirror in front of an empty upstream. */
export async function startStocked(t: TestContext, config: object = {}): Promise<Stocked> {
  const mirror = await startMirror(t, { config });
  const environment = { HOLDFAST_SERVER: mirror.holdfast.url };
  const does = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await ran(args, environment);
    assert.equal(code, 0, err);
    return out;
  };
  const tells = async <Answer>(...args: string[]): Promise<Answer> =>
    JSON.parse(await does(...args, '--json')) as Answer;
  const fails = async (expected: number, ...args: string[]): Promise<string> => {
    const { code, err } = await ran(args, environment);
    assert.equal(code, expected, err);
    return err;
  };
  const pull = async (repository: string, reference: string): Promise<Pulled> => {
    const pulled = await pullImage(mirror.holdfast.url, repository, reference);
    await eventually('no fill is running', async () => {
      const metrics = await mirror.holdfast.fetch('/metrics');
      return /^holdfast_fills_running 0$/m.test(await metrics.text());
    });
    return pulled;
  };
  return { ...mirror, pull, does, tells, fails };
}
