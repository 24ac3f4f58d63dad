import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { chooseEntries, readIndexEntries } from '../../src/oci/index-entries.ts';
import { parsePlatform, type Platform, platformText } from '../../src/oci/platform.ts';

const digest = (name: string): Digest => digestOf(Buffer.from(name));

function entry(name: string, platform?: string, attests?: string): object {
  const [os, architecture, variant] = platform?.split('/') ?? [];
  return {
    digest: digest(name),
    size: 7,
    ...(platform !== undefined && { platform: { os, architecture, variant } }),
    ...(attests !== undefined && {
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': digest(attests),
      },
    }),
  };
}

const NAMES = ['amd64', 'arm64', 'armv6', 'armv7', 'att-amd64', 'att-arm64', 'plain'];
const INDEX = Buffer.from(
  JSON.stringify({
    manifests: [
      entry('amd64', 'linux/amd64'),
      entry('arm64', 'linux/arm64/v8'),
      entry('armv6', 'linux/arm/v6'),
      entry('armv7', 'linux/arm/v7'),
      entry('att-amd64', 'unknown/unknown', 'amd64'),
      entry('att-arm64', 'unknown/unknown', 'arm64'),
    ],
  }),
);

function chosen(content: Buffer, ...platforms: string[]): { chosen: string[]; missing: unknown } {
  const wanted = platforms.map(parsePlatform).filter((one): one is Platform => one !== undefined);
  assert.deepEqual(wanted.map(platformText), platforms);
  const { chosen: entries, missing } = chooseEntries(readIndexEntries(content), wanted);
  const names = new Map(NAMES.map((name) => [digest(name), name]));
  return { chosen: entries.map((one) => names.get(one.digest) ?? '?'), missing };
}

test('without a wish every entry is chosen', () => {
  assert.deepEqual(chosen(INDEX), { chosen: NAMES.slice(0, 6), missing: [] });
});

test('a platform brings what attests it', () => {
  assert.deepEqual(chosen(INDEX, 'linux/amd64'), { chosen: ['amd64', 'att-amd64'], missing: [] });
});

test('arm64 is v8, with or without being called so', () => {
  for (const platform of ['linux/arm64', 'linux/arm64/v8'])
    assert.deepEqual(chosen(INDEX, platform).chosen, ['arm64', 'att-arm64']);
});

test('a variant that is not stated is any, one that is stated is that one', () => {
  assert.deepEqual(chosen(INDEX, 'linux/arm').chosen, ['armv6', 'armv7']);
  assert.deepEqual(chosen(INDEX, 'linux/arm/v7').chosen, ['armv7']);
});

test('platforms that are not there are told', () => {
  const found = chosen(INDEX, 'linux/s390x', 'linux/amd64', 'windows/amd64');
  assert.deepEqual(found.missing, ['linux/s390x', 'windows/amd64']);
});

test('an entry that does not say what it is for is for all', () => {
  const content = Buffer.from(JSON.stringify({ manifests: [entry('plain')] }));
  assert.deepEqual(chosen(content, 'linux/amd64'), { chosen: ['plain'], missing: [] });
});

for (const text of ['linux', 'linux/', 'Linux/amd64', 'linux/amd64/v1/x', 'linux amd64'])
  test(`${text} is no platform`, () => assert.equal(parsePlatform(text), undefined));
