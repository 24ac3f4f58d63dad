import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeRealm } from '../../src/upstream/auth/realm.ts';

const table: readonly [realm: string | undefined, upstream: string, allowed: boolean][] = [
  ['https://auth.docker.io/token', 'https://registry-1.docker.io', true],
  ['https://gitlab.com/jwt/auth', 'https://registry.gitlab.com', true],
  ['https://quay.io/v2/auth', 'https://quay.io', true],
  ['https://ghcr.io:8443/token', 'https://ghcr.io', true],
  ['http://registry.test/token', 'http://registry.test:5000', true],
  ['https://registry.test/token', 'http://registry.test:5000', true],
  ['http://127.0.0.1:5001/token', 'http://127.0.0.1:5000', true],
  ['http://auth.docker.io/token', 'https://registry-1.docker.io', false],
  ['https://docker.io.evil.example/token', 'https://registry-1.docker.io', false],
  ['https://evil-docker.io/token', 'https://registry-1.docker.io', false],
  ['https://registry-1.docker.io@evil.example/token', 'https://registry-1.docker.io', false],
  ['https://user:pass@auth.docker.io/token', 'https://registry-1.docker.io', false],
  // Unicode that a lenient comparison would take for a dot, and WHATWG URL maps to one.
  ['https://registry-1.docker.io。evil.example/token', 'https://registry-1.docker.io', false],
  ['https://evil.github.io/token', 'https://registry.github.io', false],
  ['https://evil.co.uk/token', 'https://registry.co.uk', false],
  ['https://169.254.169.254/latest', 'https://registry-1.docker.io', false],
  ['https://10.0.0.6/token', 'https://10.0.0.5', false],
  ['https://[::1]/token', 'https://registry-1.docker.io', false],
  ['https://localhost/token', 'https://registry-1.docker.io', false],
  ['file:///etc/passwd', 'https://registry-1.docker.io', false],
  ['/token', 'https://registry-1.docker.io', false],
  ['', 'https://registry-1.docker.io', false],
  [undefined, 'https://registry-1.docker.io', false],
];

for (const [realm, upstream, allowed] of table) {
  test(`the realm ${realm ?? '(none)'} of ${upstream} is ${allowed ? 'trusted' : 'refused'}`, async () => {
    assert.equal((await judgeRealm(realm, new URL(upstream))).ok, allowed);
  });
}
