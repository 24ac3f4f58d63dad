import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChallenges } from '../../src/upstream/auth/challenge.ts';

const table: readonly [
  title: string,
  field: string,
  expected: readonly [string, Record<string, string>, string?][],
][] = [
  [
    'Docker Hub',
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/x:pull"',
    [
      [
        'bearer',
        {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/x:pull',
        },
      ],
    ],
  ],
  [
    'commas within quotes',
    'Bearer scope="a:b:pull,push"',
    [['bearer', { scope: 'a:b:pull,push' }]],
  ],
  [
    'escaped quotes',
    String.raw`Bearer service="a \"b\" \\c"`,
    [['bearer', { service: 'a "b" \\c' }]],
  ],
  [
    'several challenges in one field',
    'Basic realm="r", Bearer realm="https://a/", error="insufficient_scope" , Negotiate',
    [
      ['basic', { realm: 'r' }],
      ['bearer', { realm: 'https://a/', error: 'insufficient_scope' }],
      ['negotiate', {}],
    ],
  ],
  [
    'a token68 beside parameters',
    'Negotiate YWJj==, Basic realm=x',
    [
      ['negotiate', {}, 'YWJj=='],
      ['basic', { realm: 'x' }],
    ],
  ],
  [
    'odd case and space',
    'bEaReR   Realm = "x" ,SERVICE=y',
    [['bearer', { realm: 'x', service: 'y' }]],
  ],
  [
    'a bare URL as value',
    'Bearer realm=https://a/token,service=s',
    [['bearer', { realm: 'https://a/token', service: 's' }]],
  ],
  ['empty list elements', ', ,Basic realm="x",,', [['basic', { realm: 'x' }]]],
  ['what follows garbage', 'Basic realm="x", "', [['basic', { realm: 'x' }]]],
  ['an unfinished quote', 'Bearer realm="https://a', [['bearer', {}]]],
  ['nothing', '', []],
];

for (const [title, field, expected] of table) {
  test(`challenges are told apart: ${title}`, () => {
    const parsed = parseChallenges(field).map(({ scheme, parameters, token68 }) => [
      scheme,
      Object.fromEntries(parameters),
      ...(token68 === undefined ? [] : [token68]),
    ]);
    assert.deepEqual(parsed, expected);
  });
}
