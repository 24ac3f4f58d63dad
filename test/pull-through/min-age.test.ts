import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { parseTag } from '../../src/oci/reference.ts';
import { hasMinAge, judgeAge } from '../../src/pull-through/min-age.ts';

const NEW = digestOf(Buffer.from('new'));
const OLD = digestOf(Buffer.from('old'));
const since = 10_000;
const policy = { minAge: 500, whenNew: 'refuse' } as const;
const until = since + policy.minAge;

const table: [title: string, taken: typeof NEW | undefined, now: number, expected: object][] = [
  ['taken over at its minimum age', OLD, until, { state: 'take' }],
  ['kept out until then', OLD, until - 1, { state: 'keep', taken: OLD, until }],
  ['refused where nothing older is known', undefined, since, { state: 'refuse', until }],
  ['taken over at that age, known or not', undefined, until, { state: 'take' }],
  ['let in at once where it was before', NEW, since, { state: 'take' }],
  ['kept out where the clock was set back', OLD, 0, { state: 'keep', taken: OLD, until }],
];

for (const [title, taken, now, expected] of table) {
  test(`what a tag has come to name is ${title}`, () => {
    const sighting = { digest: NEW, since, ...(taken !== undefined && { taken }) };
    assert.deepEqual(judgeAge(sighting, policy, now), expected);
  });
}

test('whenNew lets in what is the first of its tag, and nothing else', () => {
  const lenient = { ...policy, whenNew: 'serve' } as const;
  assert.equal(judgeAge({ digest: NEW, since }, lenient, since).state, 'take');
  assert.equal(judgeAge({ digest: NEW, since, taken: OLD }, lenient, since).state, 'keep');
});

test('signatures and lists of referrers have no minimum age', () => {
  const hex = 'a'.repeat(64);
  for (const tag of [`sha256-${hex}`, `sha256-${hex}.sig`, `sha256-${hex}.att`])
    assert.equal(aged(tag), false, tag);
  for (const tag of ['latest', 'sha256-abc', `v-sha256-${hex}`, `sha256-${hex}-1`])
    assert.equal(aged(tag), true, tag);
  assert.equal(aged('latest', 0), false);
});

function aged(text: string, minAge = 1): boolean {
  const tag = parseTag(text);
  assert.ok(tag);
  return hasMinAge({ minAge }, tag);
}
