import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commandLinePage } from '../../docs/generate-command-line.ts';

test('docs/command-line.md says what the commands say; if not: npm run docs:command-line', async () => {
  const page = readFileSync(new URL('../../docs/command-line.md', import.meta.url), 'utf8');
  assert.equal(page, await commandLinePage());
});
