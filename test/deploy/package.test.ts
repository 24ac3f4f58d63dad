/** What `npm pack` packs is what `npx holdfast` needs. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import * as z from 'zod';

const ROOT = join(import.meta.dirname, '../..');

const manifest = z
  .object({
    version: z.string(),
    bin: z.object({ holdfast: z.string() }),
    dependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));

/** What an import names; types are gone when the program runs. */
const IMPORT =
  /^(?:import|export)\s(?!type\s)(?:[\w\s{},*]*\sfrom\s)?['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gm;

async function packed(): Promise<readonly string[]> {
  const options = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = await promisify(execFile)('npm', options, { cwd: ROOT });
  const list = z.array(z.object({ files: z.array(z.object({ path: z.string() })) }));
  return list.parse(JSON.parse(stdout)).flatMap(({ files }) => files.map(({ path }) => path));
}

test('the package holds the program, its documentation and its recipes, and nothing else', async () => {
  const files = await packed();
  for (const file of [
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    'config.example.json',
    'docs/operations.md',
    'docs/clients/docker.md',
    'deploy/holdfast.service',
  ]) {
    assert.ok(files.includes(file), file);
  }
  const expected = /^(?:dist|docs|deploy)\/|^[^/]+\.(?:md|json)$|^LICENSE$/;
  const unwanted = files.filter((file) => !expected.test(file) || /\.(?:ts|map)$/.test(file));
  assert.deepEqual(unwanted, []);
});

test('the command is a program of its own', () => {
  assert.equal(manifest.bin.holdfast, 'dist/main.js');
  assert.match(readFileSync(join(ROOT, 'src/main.ts'), 'utf8'), /^#!\/usr\/bin\/env node\n/);
});

test('whatever the program imports is a dependency, not one of development only', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    // The page is built into files of its own.
    (file) => file.endsWith('.ts') && !file.startsWith('page/'),
  );
  const packages = files.flatMap((file) => {
    const text = readFileSync(join(ROOT, 'src', file), 'utf8');
    return [...text.matchAll(IMPORT)]
      .map(([, always, sometimes]) => always ?? sometimes ?? '')
      .filter((path) => !path.startsWith('.'))
      .map((path) => /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path);
  });
  const missing = new Set(
    packages.filter(
      (name) =>
        !name.startsWith('node:') &&
        !builtinModules.includes(name) &&
        !(name in manifest.dependencies),
    ),
  );
  assert.deepEqual([...missing], []);
});

test('the Kubernetes manifests ask for the image of this version', () => {
  const text = readFileSync(join(ROOT, 'deploy/kubernetes/kustomization.yaml'), 'utf8');
  assert.equal(/newTag: ['"](.*)['"]/.exec(text)?.[1], manifest.version);
});
