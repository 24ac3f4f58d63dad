/** What a process did to a directory, and when it answered, as strace saw it. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export type TraceEvent =
  | { readonly kind: 'open'; readonly path: string; readonly truncates: boolean }
  | {
      readonly kind: 'write';
      readonly path: string;
      /** Undefined: where the file ends. */
      readonly at: number | undefined;
      readonly bytes: Buffer;
    }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  /** Only what was written before the beginning is safe, and only after the end. */
  | { readonly kind: 'sync begins' | 'sync ends'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove' | 'make directory'; readonly path: string }
  /** The first byte of an HTTP answer leaves. */
  | { readonly kind: 'answer' };

const CALLS =
  'openat,write,writev,pwrite64,pwritev,ftruncate,fallocate,copy_file_range,sendto,sendmsg,fsync,fdatasync,' +
  'rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir';

/** In hex, as strace writes strings with -xx. */
const HTTP = escaped('HTTP/1.1 ');

/** Another thread came in between. */
const UNFINISHED = ' <unfinished ...>';

/** What the program has to be started with; strings are longer than any write (`-s`). */
export function tracer(file: string): readonly string[] {
  return [
    'strace',
    '-D',
    '-f',
    '--seccomp-bpf',
    '-y',
    '-xx',
    '-s',
    '4000000',
    '-o',
    file,
    '-e',
    `trace=${CALLS}`,
  ];
}

/** Resolves when everything that the process did is in the file. */
export async function untilTraced(file: string, pid: number): Promise<void> {
  const end = new RegExp(`^${pid} +\\+\\+\\+ (?:exited|killed)`, 'm');
  while (!end.test((await readFile(file, 'latin1')).slice(-10_000))) await sleep(20);
}

interface Call {
  readonly name: string;
  readonly rest: string;
}

/** In the order of things; paths are relative to `dir`, and what happens outside of it is left out. */
export async function* readTrace(file: string, dir: string): AsyncGenerator<TraceEvent> {
  const unfinished = new Map<string, Call>();
  const prefix = escaped(`${dir}/`);
  for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const [, name, rest] = /^(\w+)\((.*)$/.exec(text) ?? [];
    if (name !== undefined && rest !== undefined) {
      if (rest.includes(`"${HTTP}`)) yield { kind: 'answer' };
      if (!rest.includes(prefix) && !rest.includes(`<${escaped(dir)}>`)) continue;
      const call = { name, rest };
      const path = descriptor(call, dir);
      if (isSync(call)) yield { kind: 'sync begins', path };
      if (rest.endsWith(UNFINISHED)) {
        unfinished.set(thread, { name, rest: rest.slice(0, -UNFINISHED.length) });
      } else yield* finished(call, dir);
      continue;
    }
    const [, end] = /^<\.\.\. \w+ resumed>(.*)$/.exec(text) ?? [];
    const call = unfinished.get(thread);
    if (end === undefined || call === undefined) continue;
    unfinished.delete(thread);
    yield* finished({ name: call.name, rest: call.rest + end }, dir);
  }
}

function* finished(call: Call, dir: string): Generator<TraceEvent> {
  const { name, rest } = call;
  const result = Number(/\) += (-?\d+)[^)]*$/.exec(rest)?.[1]);
  if (!(result >= 0) || rest.includes('>(deleted)')) return;
  const path = descriptor(call, dir);
  const strings = [...rest.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => hex);
  const names = strings.map((hex) => relative(unescape(hex).toString(), dir));
  const [first = '', second = ''] = names;
  switch (name) {
    case 'openat':
      if (rest.includes('O_CREAT')) {
        yield { kind: 'open', path: first, truncates: rest.includes('O_TRUNC') };
      }
      return;
    case 'write':
      yield { kind: 'write', path, at: undefined, bytes: unescape(strings[0] ?? '') };
      return;
    case 'pwrite64': {
      const at = Number(/, (\d+)\) += /.exec(rest)?.[1]);
      yield { kind: 'write', path, at, bytes: unescape(strings[0] ?? '').subarray(0, result) };
      return;
    }
    case 'ftruncate':
      yield { kind: 'truncate', path, size: Number(/, (\d+)\) += /.exec(rest)?.[1]) };
      return;
    case 'fsync':
    case 'fdatasync':
      yield { kind: 'sync ends', path };
      return;
    case 'rename':
      yield { kind: 'rename', from: first, to: second };
      return;
    case 'unlink':
      yield { kind: 'remove', path: first };
      return;
    case 'mkdir':
      yield { kind: 'make directory', path: first };
      return;
    default:
      throw new Error(`the model of the disk knows no ${name}`);
  }
}

function isSync({ name }: Call): boolean {
  return name === 'fsync' || name === 'fdatasync';
}

/** What the descriptor that is the first argument stands for. */
function descriptor({ rest }: Call, dir: string): string {
  const hex = /^\d+<((?:\\x[0-9a-f]{2})*)>/.exec(rest)?.[1] ?? '';
  return relative(unescape(hex).toString(), dir);
}

function relative(path: string, dir: string): string {
  return path.startsWith(`${dir}/`) ? path.slice(dir.length + 1) : '';
}

function escaped(text: string): string {
  return Buffer.from(text).toString('hex').replace(/../g, '\\x$&');
}

function unescape(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex');
}
