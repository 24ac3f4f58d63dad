import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readableAge, readableSize, readableSpan } from '../../src/cli/quantities.ts';
import { table } from '../../src/cli/table.ts';

const COLUMNS = [
  { head: 'NAME', cut: true },
  { head: 'SIZE', align: 'right' },
] as const;
const ROWS = [
  ['docker.io/library/alpine', '3.4 MB'],
  ['a', '120 MB'],
];
const pipe = { columns: undefined, environment: {} };

test('in a pipe columns are aligned and nothing is cut', () => {
  assert.equal(
    table(COLUMNS, ROWS, pipe),
    [
      'NAME                        SIZE',
      'docker.io/library/alpine  3.4 MB',
      'a                         120 MB',
      '',
    ].join('\n'),
  );
  assert.equal(table(COLUMNS, [], pipe), '');
});

test('on a terminal lines fit its width, and heads are bold unless NO_COLOR is set', () => {
  const terminal = { columns: 24, environment: { NO_COLOR: '1' } };
  assert.equal(
    table(COLUMNS, ROWS, terminal),
    ['NAME                SIZE', 'docker.io/libra…  3.4 MB', 'a                 120 MB', ''].join(
      '\n',
    ),
  );
  const bold = table(COLUMNS, ROWS, { columns: 80, environment: { NO_COLOR: '' } });
  assert.ok(bold.startsWith('\u001b[1mNAME'));
});

test('a column keeps a part that tells something, however narrow the terminal', () => {
  const narrow = table(COLUMNS, ROWS, { columns: 3, environment: {} });
  assert.match(narrow, /^docker\.io\/l…  3\.4 MB$/m);
});

test('wide characters take two places, and no control character reaches the terminal', () => {
  const text = table(
    [{ head: 'A' }, { head: 'B' }],
    [
      ['日本', 'x'],
      ['\u001b]52;c;\u0007', 'y\nz'],
    ],
    pipe,
  );
  assert.equal(text, 'A         B\n日本      x\n\ufffd]52;c;\ufffd  y\ufffdz\n');
});

test('sizes have three digits, ages their largest unit', () => {
  assert.deepEqual(
    [0, 999, 1000, 1234, 12_345, 999_499, 999_999, 1_234_567, 50e9, 12_345e12].map(readableSize),
    [
      '0 B',
      '999 B',
      '1.00 kB',
      '1.23 kB',
      '12.3 kB',
      '999 kB',
      '1.00 MB',
      '1.23 MB',
      '50.0 GB',
      '12345 TB',
    ],
  );
  assert.deepEqual([0, 999, 61_000, 7_300_000, 90e6, -5].map(readableSpan), [
    '0s',
    '0s',
    '1m',
    '2h',
    '1d',
    '0s',
  ]);
  assert.equal(readableAge(null, 5), 'never');
  assert.equal(readableAge(1_000, 61_000), '1m ago');
});
