import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, type Logger } from '../../src/observe/log.ts';

interface Line {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

function recorded(level: 'info' | 'debug' | 'silent' = 'info'): { log: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Line);
  return { log: createLogger(level, { write }), lines };
}

test('a line is JSON with level, time, fields and message', () => {
  const { log, lines } = recorded();
  log.info({ upstream: 'docker.io' }, 'asked');
  log.warn('plain');
  const [{ time, ...first }, second] = lines as [Line, Line];
  assert.deepEqual(first, { level: 'info', upstream: 'docker.io', msg: 'asked' });
  assert.ok(!Number.isNaN(Date.parse(time)));
  assert.deepEqual([second.level, second.msg], ['warn', 'plain']);
});

test('levels below the configured one write nothing', () => {
  const { log, lines } = recorded();
  log.debug('no');
  recorded('silent').log.error('no');
  assert.deepEqual(lines, []);
  const verbose = recorded('debug');
  verbose.log.debug('yes');
  assert.equal(verbose.lines.length, 1);
});

test('credentials do not get into a line, whatever carries them', () => {
  const { log, lines } = recorded();
  const cause = Object.assign(new Error('GET https://cdn.example/blob?X-Sig=hunter2&b=1 failed'), {
    options: { headers: { authorization: 'Basic hunter2' } },
  });
  log.error({ err: new Error('https://me:hunter2@proxy:3128 refused', { cause }) }, 'failed');
  log.info({ headers: { authorization: 'hunter2', 'proxy-authorization': 'hunter2' } }, 'asked');
  log.info({ authorization: 'hunter2', token: 'hunter2', answer: { token: 'hunter2' } }, 'asked');
  log.info(
    { credentials: { username: 'me', password: 'hunter2' }, 'proxy-authorization': 'hunter2' },
    'asked',
  );
  assert.equal(lines.length, 4);
  assert.doesNotMatch(JSON.stringify(lines), /hunter2/);
});

test('an error is logged with type, message, code, stack and causes', () => {
  const { log, lines } = recorded();
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  log.error({ err: new TypeError('no answer', { cause: refused }) }, 'failed');
  const err = lines[0]?.['err'] as { stack: string; cause: { stack: string } };
  assert.match(err.stack, /log\.test\.ts/);
  assert.deepEqual(
    { ...err, stack: '', cause: { ...err.cause, stack: '' } },
    {
      type: 'TypeError',
      message: 'no answer',
      stack: '',
      cause: { type: 'Error', message: 'connect', code: 'ECONNREFUSED', stack: '' },
    },
  );
});

test('an error that is its own cause ends', () => {
  const { log, lines } = recorded();
  const error = new Error('loop');
  error.cause = error;
  log.error({ err: error }, 'failed');
  assert.equal(lines.length, 1);
});

test('what was thrown without being an error is logged too', () => {
  const { log, lines } = recorded();
  log.error({ err: 'just text' }, 'failed');
  assert.deepEqual(lines[0]?.['err'], { type: 'string', message: 'just text' });
});
