/**
 * The one description of the configuration: what is accepted, what is the default, and what it means. The reference in
 * docs/configuration.md is written from it.
 */
import * as z from 'zod';
import { auth } from './auth-schema.ts';
import { type Config, LOG_LEVELS, type UpstreamConfig } from './config.ts';
import { MAX_TIMER } from './durations.ts';
import type { Environment } from './environment-reference.ts';
import { normalizeRegistryHost } from './registry-host.ts';
import {
  choice,
  duration,
  expected,
  filePath,
  flag,
  listenHost,
  registryHost,
  section,
  size,
  urlPrefix,
  whole,
} from './settings.ts';
import { namesRepository, pins } from './pins-schema.ts';
import { warm } from './warm-schema.ts';
import { upstreamNames } from './upstream-names.ts';
import { completeUpstream, type UpstreamSettings, upstreamSchema } from './upstream-schema.ts';

/** What is mirrored without any configuration: the public registries that images are usually named after. */
const BUILT_IN_UPSTREAMS = [
  'docker.io',
  'ghcr.io',
  'quay.io',
  'gcr.io',
  'registry.k8s.io',
  'mcr.microsoft.com',
  'public.ecr.aws',
  'registry.gitlab.com',
];

const listen = section({
  host: listenHost()
    .prefault('127.0.0.1')
    .describe('Address to listen on; `0.0.0.0` or `::` for every network.'),
  port: whole(0, 65_535).prefault(5000).describe('Port to listen on; 0: any that is free.'),
  mirrorPort: whole(0, 65_535)
    .nullable()
    .prefault(null)
    .describe(
      'A second port, which never asks anybody to sign in and takes pulls only: for `registry-mirrors` of Docker engines ' +
        'before 24.0.8; null: none. `/mirror` on `port` is the same for all others. See accounts.md.',
    ),
  tls: section({
    cert: filePath().describe('PEM file with the certificate and its chain.'),
    key: filePath().describe('PEM file with its private key.'),
  })
    .nullable()
    .prefault(null)
    .describe('Serve https; null: http. The files are read again when they change.'),
  reverseProxy: section({
    accelRedirect: urlPrefix()
      .nullable()
      .prefault(null)
      .describe(
        'Path of the internal location from which nginx sends held blobs by itself; null: it does not. See nginx.md.',
      ),
  })
    .nullable()
    .prefault(null)
    .describe(
      'All clients come through a reverse proxy: its `X-Forwarded-*` headers are believed, and a loopback `host` does not ' +
        'mean that only this machine can connect; null: there is none. `{}` is a complete entry.',
    ),
});

const storage = section({
  dir: filePath().prefault('./cache').describe('Folder for everything that is kept.'),
  maxSize: size()
    .prefault('50GB')
    .describe('How much mirrored content is kept; what was not used for longest goes first.'),
  minFree: size().prefault('1GB').describe('How much of the disk stays free.'),
});

const push = section({
  enabled: flag().prefault(true).describe('Take pushes at all.'),
  delete: flag().prefault(true).describe('Take deletes at all.'),
  uploadMaxAge: duration({ min: 1 })
    .prefault('24h')
    .describe('When an upload that nobody goes on with is dropped.'),
});

const log = section({
  level: choice(...LOG_LEVELS)
    .prefault('info')
    .describe('How much is logged.'),
});

function upstreams(environment: Environment) {
  const entries = z
    .record(z.string(), upstreamSchema(environment), { error: expected('an object') })
    .superRefine(
      (map, context) => {
        for (const { path, message } of upstreamNames(map).problems)
          context.addIssue({ code: 'custom', path, message });
      },
      { when: ({ value }) => isObject(value) },
    );
  return z
    .codec(entries, z.custom<Config['upstreams']>(), {
      decode: (map) => Object.fromEntries(Object.entries(map).map(complete)),
      encode: (map) => map as z.output<typeof entries>,
    })
    .prefault(Object.fromEntries(BUILT_IN_UPSTREAMS.map((name) => [name, {}])))
    .describe(
      'The registries that are mirrored, by name. A file that has this key states them all: the built-in ones are gone.',
    );
}

function complete([key, settings]: [string, UpstreamSettings]): [string, UpstreamConfig] {
  const name = normalizeRegistryHost(key) ?? key;
  return [name, completeUpstream(name, settings)];
}

// Cross checks run although other values are wrong (zod would leave them out), so that every problem is told at once.
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * The schema of the whole configuration. Decoding turns what a file says into a `Config`; encoding turns a `Config` back
 * into what a file would say, with every key.
 * @param environment - where `${NAME}` in credentials is looked up
 */
export function configSchema(environment: Environment) {
  const file = section({
    listen: listen.prefault({}).describe('Where clients connect.'),
    storage: storage.prefault({}).describe('Where content is kept, and how much.'),
    defaultUpstream: registryHost()
      .nullable()
      .exactOptional()
      .describe(
        'What a bare name such as `nginx` means: one of `upstreams`; null: a hosted repository only. ' +
          'Default: `docker.io` if it is one of them, else null.',
      ),
    upstreams: upstreams(environment),
    prefetch: choice('image', 'off')
      .prefault('image')
      .describe('`image`: after the first blob of an image is asked for, fetch its other blobs.'),
    warm,
    pins,
    offline: flag().prefault(false).describe('Never contact any upstream.'),
    push: push.prefault({}).describe('What clients may change.'),
    auth: auth.prefault({}).describe('Who may do it.'),
    log: log.prefault({}).describe('What is written to stderr.'),
    shutdownGrace: duration({ max: MAX_TIMER })
      .prefault('30s')
      .describe('How long running requests may go on after SIGTERM or SIGINT.'),
  }).superRefine(checkNames, { when: ({ value }) => isObject(value) });
  return z.codec(file, z.custom<Config>(), {
    decode: (settings): Config => ({
      ...settings,
      defaultUpstream: defaultUpstreamOf(settings),
    }),
    encode: (config) => config as z.output<typeof file>,
  });
}

/** What names an upstream elsewhere in the file. The settings are as they came, wrong values and all. */
function checkNames(
  {
    defaultUpstream,
    upstreams: map,
    pins: patterns,
  }: { readonly defaultUpstream?: unknown; readonly upstreams: unknown; readonly pins: unknown },
  context: z.RefinementCtx,
): void {
  if (!isObject(map)) return;
  const { owners } = upstreamNames(map);
  const isUpstream = (host: string): boolean => owners.has(normalizeRegistryHost(host) ?? '');
  if (typeof defaultUpstream === 'string' && !isUpstream(defaultUpstream)) {
    const message = `got "${defaultUpstream}", expected null or one of upstreams: ${Object.keys(map).join(', ')}`;
    context.addIssue({ code: 'custom', path: ['defaultUpstream'], message });
  }
  for (const [index, pin] of (Array.isArray(patterns) ? patterns : []).entries()) {
    if (typeof pin !== 'string' || namesRepository(pin, isUpstream)) continue;
    const message = `got "${pin}", expected an image whose name is that of a repository here, or in one of upstreams`;
    context.addIssue({ code: 'custom', path: ['pins', index], message });
  }
}

function defaultUpstreamOf(settings: {
  readonly defaultUpstream?: string | null;
  readonly upstreams: Config['upstreams'];
}): string | null {
  if (settings.defaultUpstream === null) return null;
  return (
    upstreamNames(settings.upstreams).owners.get(settings.defaultUpstream ?? 'docker.io') ?? null
  );
}
