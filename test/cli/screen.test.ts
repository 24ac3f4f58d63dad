/** Commands as people and shells run them: on a terminal of some width, into a pipe that closes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import stringWidth from 'string-width';
import { startStocked } from './commands.ts';
import { environment, HOLDFAST, runProcess } from './process.ts';
import { HAS_TERMINALS, onTerminal } from './pseudo-terminal.ts';

const onTerminals = { skip: !HAS_TERMINALS };
const LONG = 'library/a-name-that-is-far-too-long-for-any-narrow-terminal/of-an-image';

test('a table fits the terminal, and is whole in a pipe', onTerminals, async (t) => {
  const { upstream, pull, holdfast } = await startStocked(t);
  upstream.addImage(LONG, '1', { layers: [10] });
  await pull(LONG, '1');
  const server = { HOLDFAST_SERVER: holdfast.url };
  const { code, shown } = await onTerminal(['ls'], {
    columns: 70,
    environment: { ...server, NO_COLOR: '1' },
  });
  assert.equal(code, 0, shown);
  const lines = shown.trimEnd().split('\r\n');
  assert.equal(lines.length, 2, shown);
  assert.deepEqual(
    lines.filter((line) => stringWidth(line) > 70),
    [],
  );
  assert.match(lines[1] ?? '', /^docker\.io\/l\S*… {2}mirrored/);
  const coloured = await onTerminal(['ls'], { environment: server });
  assert.ok(coloured.shown.startsWith('\u001b[1mREPOSITORY'), coloured.shown);
  const piped = await runProcess([...HOLDFAST, 'ls'], server);
  assert.deepEqual([piped.code, piped.err], [0, '']);
  assert.ok(piped.out.includes(`docker.io/${LONG}  mirrored`), piped.out);
});

test('verify draws a bar on a terminal, and takes it away', onTerminals, async (t) => {
  const { upstream, pull, holdfast } = await startStocked(t);
  upstream.addImage('library/alpine', '3', { layers: [3_000_000] });
  await pull('library/alpine', '3');
  const { code, shown } = await onTerminal(['verify'], {
    environment: { HOLDFAST_SERVER: holdfast.url },
  });
  assert.equal(code, 0, shown);
  assert.match(shown, /[#-]{24} \d+% {2}.* {2}hashing what is stored/);
  assert.match(shown, /hashing what is stored: done\r?\n/);
  assert.match(shown, /checked \d+ blobs and manifests, 3\.00 MB: all is well\r\n$/);
});

test('a reader that has seen enough is no failure', async (t) => {
  const { upstream, pull, holdfast } = await startStocked(t);
  upstream.addImage('library/alpine', '3', { layers: [10] });
  await pull('library/alpine', '3');
  const [program, ...words] = HOLDFAST;
  const child = spawn(program, [...words, 'ls', '--json'], {
    env: environment({ HOLDFAST_SERVER: holdfast.url }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  assert.deepEqual([code, err], [0, '']);
});
