import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseImageName } from '../../src/oci/image-name.ts';
import { referenceText } from '../../src/oci/reference.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

const table: [text: string, name: string, reference: string | undefined][] = [
  ['alpine', 'alpine', undefined],
  ['alpine:3', 'alpine', '3'],
  [' ghcr.io/org/app:1.4 ', 'ghcr.io/org/app', '1.4'],
  ['registry.local:5000/app', 'registry.local:5000/app', undefined],
  ['registry.local:5000/app:1', 'registry.local:5000/app', '1'],
  [`alpine@${DIGEST}`, 'alpine', DIGEST],
  [`alpine:3@${DIGEST}`, 'alpine', DIGEST],
];

for (const [text, name, reference] of table) {
  test(`${text} is ${name} and ${reference ?? 'nothing more'}`, () => {
    const parsed = parseImageName(text);
    assert.equal(parsed?.name, name);
    assert.equal(parsed.reference && referenceText(parsed.reference), reference);
  });
}

for (const text of [
  '',
  ':1',
  'alpine:',
  'alpine:a b',
  'alpine@',
  'alpine@sha256:1',
  `a@${DIGEST}@`,
])
  test(`${JSON.stringify(text)} names no image`, () => {
    assert.equal(parseImageName(text), undefined);
  });
