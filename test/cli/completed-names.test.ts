import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pushImage } from '../helpers/registry-client.ts';
import { startStocked } from './commands.ts';

test('names and tags of what the server holds are completed, as they are typed', async (t) => {
  const { upstream, pull, holdfast, does } = await startStocked(t);
  upstream.addImage('library/alpine', '3.22', { layers: [10] });
  upstream.addImage('org/app', '1', { layers: [10] });
  await pull('library/alpine', '3.22');
  await pull('org/app', '1');
  await pushImage(holdfast.url, 'team/app', '2', [10]);
  const values = async (...words: string[]): Promise<string[]> =>
    (await does('complete', '--', ...words))
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']));
  assert.deepEqual(await values('inspect', ''), ['alpine', 'org/app', 'team/app']);
  assert.deepEqual(await values('inspect', 'al'), ['alpine']);
  assert.deepEqual(await values('ls', 'docker.io/library/a'), ['docker.io/library/alpine']);
  assert.deepEqual(await values('rm', 'org/app:1', 'tea'), ['team/app']);
  assert.deepEqual(await values('rm', 'alpine:'), ['alpine:3.22']);
  assert.deepEqual(await values('pin', 'team/app:2'), ['team/app:2']);
  assert.deepEqual(await values('ls', 'alpine:'), []);
  assert.deepEqual(await values('inspect', '--server', 'http://127.0.0.1:1', 'al'), []);
});
