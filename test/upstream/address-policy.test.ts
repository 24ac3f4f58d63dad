import assert from 'node:assert/strict';
import type { lookup } from 'node:dns';
import { test } from 'node:test';
import {
  AddressPolicy,
  isPublicAddress,
  RefusedAddressError,
} from '../../src/upstream/got/address-policy.ts';

const addresses: readonly [address: string, isPublic: boolean][] = [
  ['1.1.1.1', true],
  ['2606:4700::1111', true],
  ['::ffff:8.8.8.8', true],
  ['64:ff9b::808:808', true],
  ['127.0.0.1', false],
  ['0.0.0.0', false],
  ['10.1.2.3', false],
  ['172.16.0.1', false],
  ['192.168.1.1', false],
  ['169.254.169.254', false],
  ['100.100.100.200', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['::', false],
  ['::1', false],
  ['fe80::1', false],
  ['fc00::1', false],
  ['fd00:ec2::254', false],
  ['::ffff:127.0.0.1', false],
  ['64:ff9b::7f00:1', false],
  ['2002:7f00:1::', false],
  ['not an address', false],
];

for (const [address, isPublic] of addresses) {
  test(`${address} is ${isPublic ? 'public' : 'not public'}`, () => {
    assert.equal(isPublicAddress(address), isPublic);
  });
}

/** Resolves every name to these addresses. */
function resolving(...to: string[]): typeof lookup {
  const fake = (_host: string, _options: object, callback: (e: null, a: object[]) => void) => {
    callback(
      null,
      to.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return fake as unknown as typeof lookup;
}

type Outcome = 'dialled' | 'refused';

/** What happens to a connection to `target`, where names resolve to `to`. */
function outcome(upstream: string, target: string, to: string[], allowPrivate = false): Outcome {
  const policy = new AddressPolicy(new URL(upstream), allowPrivate, resolving(...to));
  try {
    const check = policy.lookupFor(new URL(target));
    let result: Outcome = 'dialled';
    check?.('name.example', { all: true }, (error) => {
      if (error !== null) result = 'refused';
    });
    return result;
  } catch (error) {
    assert.ok(error instanceof RefusedAddressError);
    return 'refused';
  }
}

const targets: readonly [title: string, upstream: string, target: string, to: string[], Outcome][] =
  [
    ['a public CDN', 'https://r.example', 'https://cdn.example', ['1.1.1.1'], 'dialled'],
    [
      'a name of a private address',
      'https://r.example',
      'https://cdn.example',
      ['10.0.0.1'],
      'refused',
    ],
    ['a private literal', 'https://r.example', 'https://10.0.0.1', [], 'refused'],
    ['an IPv6 literal', 'https://r.example', 'https://[::1]', [], 'refused'],
    ['a literal in decimal', 'https://r.example', 'https://2130706433', [], 'refused'],
    ['localhost', 'https://r.example', 'http://localhost:6379', [], 'refused'],
    [
      'the upstream itself, on-premises',
      'https://r.lan',
      'https://r.lan/x',
      ['10.0.0.1'],
      'dialled',
    ],
    [
      'another port of an on-premises name',
      'https://r.lan',
      'https://r.lan:8443',
      ['10.0.0.1'],
      'refused',
    ],
    [
      'another port of a private literal',
      'http://127.0.0.1:5000',
      'http://127.0.0.1:5001',
      [],
      'dialled',
    ],
    ['another private literal', 'http://127.0.0.1:5000', 'http://127.0.0.2:5000', [], 'refused'],
  ];

for (const [title, upstream, target, to, expected] of targets) {
  test(`from ${upstream}, ${title} is ${expected}`, () => {
    assert.equal(outcome(upstream, target, to), expected);
  });
}

test('allowPrivateNetwork lets private addresses through', () => {
  assert.equal(outcome('https://r.example', 'https://10.0.0.1', [], true), 'dialled');
});

test('of several addresses only the public ones are dialled', () => {
  const policy = new AddressPolicy(
    new URL('https://r.example'),
    false,
    resolving('10.0.0.1', '1.1.1.1', '::1'),
  );
  const check = policy.lookupFor(new URL('https://cdn.example'));
  let dialled: unknown;
  check?.('cdn.example', { all: true }, (_error, list) => {
    dialled = list;
  });
  assert.deepEqual(dialled, [{ address: '1.1.1.1', family: 4 }]);
  check?.('cdn.example', {}, (_error, address) => {
    dialled = address;
  });
  assert.equal(dialled, '1.1.1.1');
});
