/** Completion as the shells see it: each one that is here runs its script. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { HOLDFAST, runProcess } from './process.ts';
import { ran } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-completion-'));
after(() => rmSync(folder, { recursive: true }));

const quoted = HOLDFAST.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
writeFileSync(join(folder, 'holdfast'), `#!/bin/sh\nexec ${quoted} "$@"\n`);
chmodSync(join(folder, 'holdfast'), 0o755);
writeFileSync(join(folder, 'mirror.json'), '{}');

function has(shell: string): boolean {
  try {
    execFileSync(shell, ['-c', 'exit 0'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function values(...words: string[]): Promise<string[]> {
  const { code, out, err } = await ran(['complete', '--', ...words], {
    HOLDFAST_SERVER: 'http://127.0.0.1:1',
  });
  assert.deepEqual([code, err], [0, ''], words.join(' '));
  return out.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']));
}

test('commands, options, choices and places for files are completed', async () => {
  assert.deepEqual(await values('ver'), ['verify']);
  const all = await values('');
  for (const name of ['serve', 'ls', 'import', 'completion']) assert.ok(all.includes(name), name);
  assert.ok(!all.includes('complete'));
  assert.deepEqual(await values('ls', '--ki'), ['--kind']);
  assert.deepEqual(await values('ls', '--kind', ''), ['hosted', 'mirrored']);
  assert.deepEqual(await values('ls', '--kind=h'), ['--kind=hosted']);
  assert.deepEqual(await values('ls', '--search', 'x', '-'), await values('ls', '-'));
  assert.deepEqual(await values('client-config', 'b'), ['buildkit']);
  assert.deepEqual(await values('client-config', '--url', 'http://a', 'po'), ['podman']);
  assert.deepEqual(await values('client-config', 'docker', ''), []);
  assert.deepEqual(await values('check-config', '--config', ''), [':files']);
  assert.deepEqual(await values('import', ''), [':files']);
});

test('without a server there are no names, and no message in the middle of a line', async () => {
  assert.deepEqual(await values('inspect', 'alp'), []);
  assert.deepEqual(await values('inspect', '--user', 'somebody', 'alpine:'), []);
  assert.deepEqual(await values('no-such-command', ''), []);
});

/** What a shell offers for each of these lines, sorted, without descriptions. */
const LINES: readonly [line: string, offered: readonly string[]][] = [
  ['holdfast ver', ['verify']],
  ['holdfast ls --kind ', ['hosted', 'mirrored']],
];

async function offered(shell: 'bash' | 'zsh' | 'fish', script: string): Promise<string[]> {
  writeFileSync(join(folder, 'script'), (await ran(['completion', shell])).out);
  const PATH = `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
  const { code, out, err } = await runProcess([shell, '-c', `cd '${folder}'\n${script}`], { PATH });
  assert.deepEqual([code, err], [0, '']);
  return out
    .split('\n')
    .flatMap((line) => line.split('\t')[0] ?? [])
    .filter((word) => word !== '')
    .toSorted();
}

test('bash completes', { skip: !has('bash') }, async () => {
  for (const [line, expected] of LINES) {
    const script = `source ./script
      COMP_LINE='${line}' COMP_POINT=${line.length}; _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
    assert.deepEqual(await offered('bash', script), expected, line);
  }
});

test('fish completes, file names too', { skip: !has('fish') }, async () => {
  for (const [line, expected] of [...LINES, ['holdfast serve -c mir', ['mirror.json']] as const]) {
    const script = `source ./script; complete -C '${line}'`;
    assert.deepEqual(await offered('fish', script), expected, line);
  }
});

test('zsh completes', { skip: !has('zsh') }, async () => {
  for (const [line, expected] of LINES) {
    // The completion system runs in its line editor alone; here its two functions are replaced by what shows their input.
    const script = `compdef() { : }
      _describe() { print -rl -- "\${(@)\${(P)2}%%:*}" }
      source ./script
      words=(\${(s: :)\${:-'${line}x'}}); words[-1]=\${words[-1]%x}; CURRENT=\${#words}; _holdfast`;
    assert.deepEqual(await offered('zsh', script), expected, line);
  }
});
