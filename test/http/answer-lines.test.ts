/** Answers of lines, to clients that do not read them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Router } from '@koa/router';
import { AnswerLines } from '../../src/http/api/answer-lines.ts';
import type { Context, RequestState } from '../../src/http/context.ts';
import { startBareServer } from '../helpers/bare-server.ts';
import { Gate } from '../helpers/gate.ts';

/** Far more than a connection takes in that nobody reads from. */
const COUNT = 200_000;
const PADDING = 'x'.repeat(200);
const THINGS = ['one', 'other'];

/** What may be in this process at any time: what Node buffers of a connection, with room. */
const MAX_BUFFERED = 1_000_000;

interface Line {
  readonly about?: string;
  readonly count?: number;
  readonly padding?: string;
  readonly done?: true;
}

/** An answer that has been begun; nobody has read of its body. */
async function answering(
  t: TestContext,
  work: (lines: AnswerLines<Line>, ctx: Context) => Promise<void>,
): Promise<{ readonly answer: IncomingMessage; readonly worked: Promise<void> }> {
  const router = new Router<RequestState>();
  const worked = new Promise<void>((resolve, reject) => {
    router.get('/', (ctx: Context) => {
      const working = work(new AnswerLines<Line>(ctx), ctx);
      working.then(resolve, reject);
      return working;
    });
  });
  const server = await startBareServer(t, router);
  const [answer] = (await once(get({ ...server.address }), 'response')) as [IncomingMessage];
  return { answer, worked };
}

async function linesOf(answer: IncomingMessage): Promise<readonly Line[]> {
  const text = Buffer.concat(await (answer.toArray() as Promise<Buffer[]>)).toString();
  assert.ok(text.endsWith('\n'));
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** Writes them all, and gives the most that was buffered at a time. */
async function writeAll(lines: AnswerLines<Line>, { res }: Context): Promise<number> {
  let most = 0;
  for (let count = 1; count <= COUNT; count += 1) {
    for (const about of THINGS) lines.write({ about, count, padding: PADDING }, about);
    most = Math.max(most, res.writableLength);
    if (count % 100 === 0) await nextTurn();
  }
  return most;
}

test('the work waits for nobody, little of it waits in memory, and the last of it comes', async (t) => {
  let most = Infinity;
  const { answer, worked } = await answering(t, async (lines, ctx) => {
    most = await writeAll(lines, ctx);
    lines.end({ done: true });
  });
  await worked;
  assert.ok(most < MAX_BUFFERED, `${most} bytes were buffered`);
  const told = await linesOf(answer);
  assert.ok(told.length < 2 * COUNT, 'not all of it was kept');
  assert.deepEqual(told.at(-1), { done: true });
  for (const [at, about] of THINGS.entries()) {
    assert.deepEqual(told.at(at - 3), { about, count: COUNT, padding: PADDING });
    const counts = told.flatMap((line) => (line.about === about ? [line.count ?? 0] : []));
    assert.ok(
      counts.every((count, index) => count > (counts[index - 1] ?? 0)),
      'in order',
    );
  }
});

test('a failure comes, too', async (t) => {
  const { answer, worked } = await answering(t, async (lines, ctx) => {
    await writeAll(lines, ctx);
    lines.fail(new Error('broken'));
  });
  await worked;
  assert.ok('errors' in ((await linesOf(answer)).at(-1) ?? {}));
});

test('a client that reads again is told where things are now', async (t) => {
  const gate = new Gate();
  const { answer, worked } = await answering(t, async (lines, ctx) => {
    await writeAll(lines, ctx);
    await gate.pass();
    lines.end({ done: true });
  });
  let end = '';
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    end = (end + chunk.toString()).slice(-3 * PADDING.length);
    // Before the work goes on.
    if (THINGS.every((about) => end.includes(`{"about":"${about}","count":${COUNT},`)))
      gate.release();
  }
  await worked;
  assert.ok(end.endsWith('{"done":true}\n'));
});

test('lines of a client that left are nobody’s', async (t) => {
  const { answer, worked } = await answering(t, async (lines, ctx) => {
    lines.write({ about: 'begun' });
    await once(ctx.res, 'close');
    const most = await writeAll(lines, ctx);
    assert.ok(most < MAX_BUFFERED, `${most} bytes were buffered`);
    lines.end({ done: true });
  });
  answer.on('error', () => undefined);
  answer.destroy();
  await worked;
});
