import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHtpasswd } from '../../src/config/htpasswd.ts';

const HASH = '$2y$10$abcdefghijklmnopqrstuuC6uLkVkRcVbBzqSIkJ7cUPhLpWXrTT2';

test('accounts, comments, empty lines and either end of line', () => {
  const text = `# team\r\nalice:${HASH}\r\n\n   \nbob@example.com:${HASH.replace('$2y$', '$2b$')} \n#x:y\n`;
  const { hashes, problems } = parseHtpasswd(text);
  assert.deepEqual(problems, []);
  assert.deepEqual([...hashes.keys()], ['alice', 'bob@example.com']);
  assert.equal(hashes.get('alice'), HASH);
});

test('what is wrong is told by its line, and never by what stands there', () => {
  const lines = [
    `alice:${HASH}`,
    'bob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
    'carol:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00',
    'secret-without-a-name',
    `:${HASH}`,
    `alice:${HASH}`,
    `anonymous:${HASH}`,
    `dave:${HASH.replace('$10$', '$31$')}`,
    `bad\u0007name:${HASH}`,
  ];
  const { problems } = parseHtpasswd(lines.join('\n'));
  assert.deepEqual(problems, [
    'line 2: expected a bcrypt hash (holdfast passwd, or htpasswd -B)',
    'line 3: expected a bcrypt hash (holdfast passwd, or htpasswd -B)',
    'line 4: expected NAME:HASH',
    'line 5: expected NAME:HASH',
    'line 6: the name is taken',
    'line 7: "anonymous" means whoever is not signed in; take another name',
    'line 8: expected a bcrypt cost from 4 to 14',
    'line 9: expected NAME:HASH',
  ]);
});

test('a file without an account is broken: so it looks while it is being written', () => {
  for (const text of ['', '\n', '# nobody yet\n']) {
    assert.deepEqual(parseHtpasswd(text).problems, ['there is no account in it'], text);
  }
});
