import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchivedImage } from '../../src/archive/image.ts';
import { parseWantedName, placeImages } from '../../src/archive/image-names.ts';
import { digestOf } from '../../src/oci/digest.ts';

function image(...names: string[]): ArchivedImage {
  const bytes = Buffer.from(names.join());
  const root = { digest: digestOf(bytes), mediaType: '', bytes, blobs: [], children: [] };
  return { names, root, missing: [], referrers: [] };
}

function placed(images: readonly ArchivedImage[], to?: string): string[] {
  const wanted = to === undefined ? undefined : parseWantedName(to);
  return placeImages(images, wanted).flatMap(({ destinations }) =>
    destinations.map(({ repository, tag }) => `${repository}:${tag}`),
  );
}

const OWN: readonly (readonly [string, string])[] = [
  ['alpine:3', 'alpine:3'],
  ['alpine', 'alpine:latest'],
  ['docker.io/library/alpine:3', 'library/alpine:3'],
  ['ghcr.io/org/app:1.2', 'org/app:1.2'],
  ['localhost/app:1', 'app:1'],
  ['127.0.0.1:5000/team/app:1', 'team/app:1'],
  ['registry:5000/app', 'app:latest'],
  ['team/app:1@sha256:abc', 'team/app:1'],
];

for (const [name, destination] of OWN) {
  test(`${name} is ${destination} here`, () => {
    assert.deepEqual(placed([image(name)]), [destination]);
  });
}

test('each of several names counts', () => {
  assert.deepEqual(placed([image('a:1', 'a:2'), image('b/c')]), ['a:1', 'a:2', 'b/c:latest']);
});

test('another name takes the place of all, and keeps the tags if it has none', () => {
  assert.deepEqual(placed([image('a:1', 'a:2')], 'team/app:9'), ['team/app:9']);
  assert.deepEqual(placed([image('a:1', 'b:2')], 'team/app'), ['team/app:1', 'team/app:2']);
  assert.deepEqual(placed([image(':1')], 'team/app'), ['team/app:1']);
  assert.deepEqual(placed([image()], 'team/app'), ['team/app:latest']);
});

test('what cannot be placed says why', () => {
  assert.throws(() => placed([image()]), /has no name; state one/);
  assert.throws(() => placed([image(':1')]), /has no name; state one/);
  assert.throws(() => placed([image('Team/App:1')]), /no repository can be called "Team\/App:1"/);
  assert.throws(() => placed([image('a:1'), image('b:1')], 'c:1'), /several images.*a:1, b:1/);
});

test('names that no registry takes are none', () => {
  for (const text of ['', ':1', 'Team/app', 'a:', 'a:b:c', '../a', `${'a/'.repeat(200)}a`]) {
    assert.equal(parseWantedName(text), undefined, text);
  }
});

for (const [name, expected] of [
  ['alpine', 'docker.io/library/alpine:latest'],
  ['alpine:3', 'docker.io/library/alpine:3'],
  ['docker.io/alpine:3', 'docker.io/library/alpine:3'],
  ['team/app:1', 'docker.io/team/app:1'],
  ['ghcr.io/org/app:1', 'ghcr.io/org/app:1'],
  ['ghcr.io/app:1', 'ghcr.io/app:1'],
  ['localhost/app:1', 'localhost/app:1'],
  ['reg.corp:5000/app:1', 'reg.corp:5000/app:1'],
] as const) {
  test(`${name} is ${expected} in full`, () => {
    const [only] = placeImages([image(name)], undefined, 'full');
    const [destination] = only?.destinations ?? [];
    assert.equal(`${destination?.repository}:${destination?.tag}`, expected);
  });
}
