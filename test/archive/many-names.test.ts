/** Archives with very many names: what they cost grows with their size, and no faster. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { IMPORT_TYPE, importDone } from '../../src/api/import.ts';
import { Archive } from '../../src/archive/archive.ts';
import { memoryContent } from '../../src/archive/content.ts';
import { MAX_NAMES } from '../../src/archive/limits.ts';
import { readOciLayout } from '../../src/archive/oci-layout.ts';
import { SoleRepository } from '../../src/archive/read-images.ts';
import { startHoldfast } from '../helpers/mirror.ts';
import {
  ancientSave,
  dockerSave,
  layoutOf,
  type LayoutEntry,
  makeImage,
  manifestOf,
  MANIFEST_TYPE,
  sha256,
} from './make-image.ts';
import { makeTar, type Member } from './make-tar.ts';
import { readAll, WAYS, withArchive } from './read-archive.ts';

const image = makeImage('named', { bytes: 100 });

function namesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `team/app:${at}`);
}

/** One image under each of these names, and its names first. */
function namedLayout(names: readonly string[], manifest = manifestOf(image)): Member[] {
  const entries = names.map((ref): LayoutEntry => ({ manifest, ref }));
  const contents = [...image.layers, image.config, manifest];
  const blobs = contents.map((content) => ({ name: `blobs/sha256/${sha256(content)}`, content }));
  return [...layoutOf(entries), ...blobs];
}

test('names of one image are gathered in as many steps as there are names', async (t) => {
  const names = namesOf(1_000);
  await withArchive(makeTar(namedLayout(names)), 'file', async (archive) => {
    // What is put into sets, by whatever way: also a set that is made of a list takes each of it by `add`.
    const added = t.mock.method(Set.prototype, 'add');
    const [found, ...others] = await readOciLayout(archive);
    const additions = added.mock.callCount();
    added.mock.restore();
    assert.deepEqual(found?.names, names);
    assert.deepEqual(others, []);
    assert.ok(additions <= 3 * names.length, `${additions} additions`);
  });
});

for (const name of ['index.json', 'manifest.json']) {
  test(`${name} is read once, however many entries come after it`, async () => {
    let read = 0;
    const archive = new Archive();
    const members = name === 'index.json' ? namedLayout(namesOf(10)) : dockerSave(image);
    const told = members.find((one) => 'content' in one && one.name === name);
    assert.ok(told && 'content' in told);
    const content = memoryContent(Buffer.from(told.content));
    const sole = new SoleRepository('short');
    assert.equal(await sole.of(archive), undefined);
    archive.addFile(name, {
      ...content,
      open: () => {
        read += 1;
        return content.open();
      },
    });
    for (let count = 0; count < 100; count += 1) assert.equal(await sole.of(archive), 'team/app');
    assert.equal(read, 1);
  });
}

/** Imports, and gives how many bytes of JSON were parsed meanwhile. */
async function importCounting(t: TestContext, members: readonly Member[]) {
  const holdfast = await startHoldfast(t, {});
  const parse = t.mock.method(JSON, 'parse');
  const response = await holdfast.fetch('/api/v1/import', {
    method: 'POST',
    body: makeTar(members),
    headers: { 'content-type': IMPORT_TYPE },
  });
  const lines = (await response.text()).trimEnd().split('\n');
  const parsed = parse.mock.calls.reduce((sum, { arguments: [text] }) => sum + text.length, 0);
  parse.mock.restore();
  return { holdfast, done: importDone.parse(JSON.parse(lines.at(-1) ?? '')), parsed };
}

test('an import with many names and many layers reads its names a few times', async (t) => {
  const names = namesOf(2_000);
  const layers = Array.from({ length: 200 }, (_, at): Member => {
    return { name: `other${at}.tar`, content: `layer ${at}` };
  });
  const [index, ...rest] = namedLayout(names);
  assert.ok(index && 'content' in index);
  const { done, parsed } = await importCounting(t, [index, ...layers, ...rest]);
  assert.equal(done.images[0]?.pushed.length, names.length);
  assert.ok(parsed < 10 * index.content.length, `${parsed} bytes of JSON were parsed`);
});

test('a large manifest with many tags is not pushed once for each of them', async (t) => {
  const names = namesOf(2_000);
  const own = JSON.parse(manifestOf(image).toString()) as object;
  const annotations = { padding: 'x'.repeat(200_000) };
  const manifest = Buffer.from(JSON.stringify({ ...own, mediaType: MANIFEST_TYPE, annotations }));
  const { holdfast, parsed } = await importCounting(t, namedLayout(names, manifest));
  assert.ok(parsed < 20 * manifest.byteLength, `${parsed} bytes of JSON were parsed`);
  const list = await holdfast.fetch('/v2/team/app/tags/list');
  const { tags } = (await list.json()) as { readonly tags: readonly string[] };
  assert.equal(tags.length, names.length);
  const last = await holdfast.fetch('/v2/team/app/manifests/1999');
  assert.deepEqual(Buffer.from(await last.arrayBuffer()), manifest);
});

// One for each repository: docker save of old is told apart by them.
const TOO_MANY = Array.from({ length: MAX_NAMES + 1 }, (_, at) => `team/app${at}:1`);

for (const way of WAYS) {
  for (const [what, archive] of [
    ['an OCI layout', (names: readonly string[]) => namedLayout(names)],
    ['docker save', (names: readonly string[]) => dockerSave(image, names)],
    ['docker save of old', (names: readonly string[]) => ancientSave(image, names)],
  ] as const) {
    test(`as many names as are taken, and one more, in ${what} (${way})`, async () => {
      const { images } = await readAll(makeTar(archive(TOO_MANY.slice(1))), way);
      assert.equal(images[0]?.names.length, MAX_NAMES);
      await assert.rejects(readAll(makeTar(archive(TOO_MANY)), way), /more than 4096 names/);
    });
  }
}
