/** The arrows of docs/architecture.md, read from the imports: every edge that is not in this table is a mistake. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

const SRC = join(import.meta.dirname, '../src');

/** What each part may import besides itself. Order: the life of a request, from the top. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'main.ts': ['cli'],
  cli: [
    'cli/clients',
    'app.ts',
    'api',
    'archive',
    'registry-client',
    'clock.ts',
    'package-directory.ts',
    'usage-counts.ts',
    'config',
    'oci',
    'observe',
  ],
  // What clients are told; the page tells it too.
  'cli/clients': ['config'],
  // The composition root is the only one that names concrete adapters.
  'app.ts': ['*'],
  app: ['*'],
  http: [
    'api',
    'archive',
    'auth',
    'registry',
    'inventory',
    'maintenance',
    'pull-through',
    'store',
    'upstream',
    'oci',
    'observe',
    'clock.ts',
  ],
  inventory: [
    'api',
    'registry',
    'pull-through',
    'store',
    'upstream',
    'oci',
    'clock.ts',
    'usage-counts.ts',
  ],
  registry: ['pull-through', 'store', 'upstream', 'oci', 'clock.ts'],
  'pull-through': ['store', 'upstream', 'oci', 'clock.ts'],
  maintenance: ['pull-through', 'store', 'oci', 'clock.ts'],
  observe: ['auth', 'pull-through', 'maintenance', 'upstream', 'store', 'oci', 'config'],
  config: ['oci'],
  archive: ['oci'],
  // Another registry, from the command line; challenges and realms are read as those of upstreams are.
  'registry-client': ['upstream/auth', 'oci'],
  auth: ['config', 'oci', 'clock.ts', 'answering-thread.ts'],
  'store/disk': ['store', 'oci', 'answering-thread.ts'],
  'store/sqlite': ['store', 'oci'],
  'store/memory': ['store', 'oci', 'clock.ts', 'usage-counts.ts'],
  'upstream/got': ['upstream', 'upstream/auth', 'oci', 'clock.ts'],
  'upstream/auth': ['upstream', 'oci', 'clock.ts'],
  store: ['oci', 'usage-counts.ts'],
  upstream: ['oci'],
  oci: [],
  'clock.ts': [],
  'closing-steps.ts': [],
  'package-directory.ts': [],
  'usage-counts.ts': [],
  'answering-thread.ts': [],
  // Shapes of the JSON API: server, command line and page alike.
  api: [],
  // Runs in the browser: it has the API alone, and what is pure: the clients' recipes, the sum of usage.
  page: ['api', 'cli/clients', 'usage-counts.ts'],
};

/** Packages that only one part may know. */
const PACKAGE_OWNERS: Readonly<Record<string, readonly string[]>> = {
  koa: ['http'],
  '@koa/router': ['http'],
  got: ['upstream/got', 'upstream/auth', 'cli', 'registry-client'],
  tar: ['archive'],
  fzstd: ['archive'],
  '@bokuweb/zstd-wasm': ['archive'],
  'cli-progress': ['cli'],
  'better-sqlite3': ['store/sqlite'],
  commander: ['cli', 'main.ts'],
  pino: ['observe'],
  'prom-client': ['observe'],
  jose: ['auth'],
  preact: ['page'],
  'preact/hooks': ['page'],
};

/** The most specific key of the table that a file belongs to. */
function partOf(file: string): string {
  const parts = Object.keys(ALLOWED).filter((key) => file === key || file.startsWith(`${key}/`));
  const part = parts.toSorted((one, other) => other.length - one.length)[0];
  assert.ok(part !== undefined, `${file} belongs to no part of the architecture`);
  return part;
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  return [
    ...text.matchAll(/^(?:import|export)\s(?:[\w\s{},*]*\sfrom\s)?['"]([^'"]+)['"]/gm),
  ].flatMap(([, path]) => (path === undefined ? [] : [path]));
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.tsx?$/.test(name),
);

function allows(from: string, to: string): boolean {
  const targets = ALLOWED[from] ?? [];
  return targets.includes(to) || targets.includes('*');
}

test('every import follows an arrow of the architecture', () => {
  const forbidden = files.flatMap((file) => {
    const from = partOf(file);
    return importsOf(file)
      .filter((path) => path.startsWith('.'))
      .map((path) => partOf(normalize(join(dirname(file), path))))
      .filter((to) => to !== from && !allows(from, to))
      .map((to) => `${file}: ${from} → ${to}`);
  });
  assert.deepEqual(forbidden, []);
});

test('only its owner knows a package', () => {
  const foreign = files.flatMap((file) =>
    importsOf(file)
      .filter((path) => PACKAGE_OWNERS[path]?.includes(partOf(file)) === false)
      .map((path) => `${file}: ${path}`),
  );
  assert.deepEqual(foreign, []);
});

test('no source file is longer than a reader wants to hold', () => {
  const long = files.filter(
    (file) => readFileSync(join(SRC, file), 'utf8').split('\n').length > 350,
  );
  assert.deepEqual(long, []);
});
