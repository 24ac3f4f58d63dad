import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ClientKind } from './client.ts';
import { buildah } from './clients/buildah.ts';
import { containerd } from './clients/containerd.ts';
import { docker } from './clients/docker.ts';
import { podman } from './clients/podman.ts';
import { skopeo } from './clients/skopeo.ts';

const KINDS: readonly ClientKind[] = [skopeo, podman, buildah, containerd, docker];

export const USAGE = `usage: node --import tsx test/e2e/run.ts [--report FILE] [--only CLIENT,...] [--main FILE]
  --report FILE   write the outcome there, as JSON (.json) or Markdown
  --only LIST     of ${KINDS.map(({ name }) => name).join(', ')}
  --main FILE     the built entry point (default dist/main.js)
With E2E_ALLOW_MISSING=1 a client that cannot start on this machine does not fail the run.`;

export interface Options {
  readonly report: string | undefined;
  readonly kinds: readonly ClientKind[];
  /** Absolute path. */
  readonly main: string;
  readonly allowMissing: boolean;
}

/** What the command line asks for, or undefined where it is not understood. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const spec = {
    report: { type: 'string' },
    only: { type: 'string' },
    main: { type: 'string', default: 'dist/main.js' },
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options: spec });
    const wanted = values.only?.split(',');
    const kinds = KINDS.filter(({ name }) => wanted?.includes(name) ?? true);
    if (wanted !== undefined && kinds.length !== wanted.length) return undefined;
    const allowMissing = process.env['E2E_ALLOW_MISSING'] === '1';
    return { report: values.report, kinds, main: resolve(values.main), allowMissing };
  } catch {
    return undefined;
  }
}
