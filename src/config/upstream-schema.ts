/** One entry of `upstreams`. What an entry leaves out is filled in by `completeUpstream`, which knows the entry's name. */
import * as z from 'zod';
import type { UpstreamConfig } from './config.ts';
import { MAX_TIMER } from './durations.ts';
import { type Environment, secret } from './environment-reference.ts';
import {
  choice,
  duration,
  filePath,
  flag,
  glob,
  globs,
  expected,
  proxyUrl,
  registryHost,
  registryUrl,
  section,
  whole,
} from './settings.ts';

const timeout = () => duration({ min: 1, max: MAX_TIMER });

const tagPolicy = {
  maxAge: duration().describe('How long a tag is believed without asking upstream.'),
  staleIfError: duration().describe(
    'How long beyond `maxAge` a tag is served from here while upstream fails.',
  ),
  staleWhileRevalidate: duration().describe(
    'How long beyond `maxAge` a tag is served at once, and checked behind the answer.',
  ),
  negativeMaxAge: duration().describe('How long upstream\'s "not found" is believed.'),
  whenDeleted: choice('not-found', 'serve-stale').describe(
    'What a tag that upstream has deleted gets: an honest 404, or what is held.',
  ),
  minAge: duration().describe(
    'How long this mirror must have seen a tag name an image before it takes that over; until then the older one is served. ' +
      '`0s`: at once. See min-age.md.',
  ),
  whenNew: choice('refuse', 'serve').describe(
    'What a tag gets of which only an image younger than `minAge` is known: a 403, or that image.',
  ),
};

const tagRule = section({
  match: glob().describe(
    'A glob over `repository:tag`; `*` matches slashes too. The first rule that matches counts.',
  ),
  maxAge: tagPolicy.maxAge.exactOptional(),
  staleIfError: tagPolicy.staleIfError.exactOptional(),
  staleWhileRevalidate: tagPolicy.staleWhileRevalidate.exactOptional(),
  negativeMaxAge: tagPolicy.negativeMaxAge.exactOptional(),
  whenDeleted: tagPolicy.whenDeleted.exactOptional(),
  minAge: tagPolicy.minAge.exactOptional(),
  whenNew: tagPolicy.whenNew.exactOptional(),
});

const tags = section({
  maxAge: tagPolicy.maxAge.prefault('5m'),
  staleIfError: tagPolicy.staleIfError.prefault('30d'),
  staleWhileRevalidate: tagPolicy.staleWhileRevalidate.prefault('0s'),
  negativeMaxAge: tagPolicy.negativeMaxAge.prefault('10s'),
  whenDeleted: tagPolicy.whenDeleted.prefault('not-found'),
  minAge: tagPolicy.minAge.prefault('0s'),
  whenNew: tagPolicy.whenNew.prefault('refuse'),
  rules: z
    .array(tagRule, { error: expected('a list of rules') })
    .prefault([{ match: '*:v*.*.*', maxAge: '7d' }])
    .describe('Exceptions by tag: each may override any of the keys above.'),
});

export function upstreamSchema(environment: Environment) {
  // A mistaken `"credentials": "user:password"` must not be shown.
  const credentials = section(
    {
      username: secret(environment).describe('The account at the upstream.'),
      password: secret(environment).describe('Its password or token.'),
    },
    () => 'expected an object with username and password, or null',
  );
  return section({
    url: registryUrl()
      .exactOptional()
      .describe('Where the registry answers. Default: `https://` and the name of the entry.'),
    aliases: z
      .array(registryHost(), { error: expected('a list of registry hosts') })
      .exactOptional()
      .describe('Other names of the same registry.'),
    credentials: credentials
      .nullable()
      .prefault(null)
      .describe('How to sign in; null: anonymously.'),
    private: flag()
      .exactOptional()
      .describe(
        'Serve this content to signed-in users only. Default: true if `credentials` are set.',
      ),
    tags: tags.prefault({}).describe('How fresh a tag has to be.'),
    allow: globs()
      .prefault(['**'])
      .describe(
        'Repositories that may be asked for; `*` stays within one part of the name, `**` does not.',
      ),
    deny: globs().prefault([]).describe('Repositories that may not; wins over `allow`.'),
    tls: section({
      ca: filePath()
        .nullable()
        .prefault(null)
        .describe('PEM file with the authorities to trust besides the usual ones.'),
      insecureSkipVerify: flag()
        .prefault(false)
        .describe(
          'Take any certificate. Whoever sits in between can then answer for the registry.',
        ),
    })
      .prefault({})
      .describe('How the registry proves who it is.'),
    proxy: proxyUrl()
      .nullable()
      .prefault(null)
      .describe(
        'Proxy for this upstream; null: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` decide.',
      ),
    timeouts: section({
      connect: timeout().prefault('5s').describe('To a connection, TLS included.'),
      headers: timeout().prefault('15s').describe('From a request to the headers of its answer.'),
      idle: timeout().prefault('30s').describe('Between two pieces of a body.'),
    })
      .prefault({})
      .describe('How long upstream may take.'),
    maxConnections: whole(1, 1024).prefault(16).describe('Requests to this upstream at a time.'),
    connectionsPerBlob: whole(1, 16)
      .prefault(1)
      .describe(
        'Connections that a blob of 32 MiB and more is fetched over, in ranges of it: faster where upstream limits each connection. ' +
          '1: every blob by one request.',
      ),
    allowPrivateNetwork: flag()
      .prefault(false)
      .describe(
        'Follow redirects and token realms to private addresses; refused otherwise, unless `url` has such an address.',
      ),
  });
}

export type UpstreamSettings = z.output<ReturnType<typeof upstreamSchema>>;

/** Docker Hub's name is not the host that answers for it, and it goes by several. */
const DOCKER_HUB = {
  url: 'https://registry-1.docker.io',
  aliases: ['index.docker.io', 'registry-1.docker.io'],
};

export function defaultAliases(name: string): readonly string[] {
  return name === 'docker.io' ? DOCKER_HUB.aliases : [];
}

/** Fills in what depends on the entry's name (a normalised host) or on its other keys. */
export function completeUpstream(name: string, settings: UpstreamSettings): UpstreamConfig {
  return {
    url: name === 'docker.io' ? DOCKER_HUB.url : `https://${name}`,
    aliases: defaultAliases(name),
    private: settings.credentials !== null,
    ...settings,
  };
}
