import { anonymousAccess } from '../config/anonymous-access.ts';
import type { Config } from '../config/config.ts';
import { formatSize } from '../config/sizes.ts';
import { hostsToml } from './clients/containerd.ts';
import { dockerRecipe } from './clients/docker.ts';
import { mirroredRegistries } from './clients/mirrored-registry.ts';
import type { MirrorTarget } from './clients/recipe.ts';
import { registryTables } from './clients/podman.ts';
import { startWarnings } from './start-warnings.ts';

export interface BannerFacts {
  readonly version: string;
  readonly target: MirrorTarget;
  readonly config: Config;
  /** undefined: built-in defaults. */
  readonly file: string | undefined;
}

/** What `serve` says when it is ready: what it does, what to worry about, how to use it. */
export function banner({ version, target, config, file }: BannerFacts): string {
  const { storage } = config;
  const facts = [
    ['stores in', `${storage.dir} (mirrored content up to ${formatSize(storage.maxSize)})`],
    ['mirrors', mirrors(config)],
    ['clients may', access(config)],
    ['configured by', file ?? 'built-in defaults'],
  ] as const;
  const warnings = startWarnings(config).map((warning) => `Warning: ${warning}\n`);
  return [
    `Holdfast ${version} listens on ${target.url}\n`,
    facts.map(([name, value]) => `  ${name.padEnd(14)}${value}\n`).join(''),
    ...(warnings.length === 0 ? [] : [warnings.join('')]),
    usage(target, config),
  ].join('\n');
}

function mirrors({ upstreams, defaultUpstream, offline }: Config): string {
  const names = Object.keys(upstreams).map((name) =>
    name === defaultUpstream ? `${name} (default)` : name,
  );
  const list = names.length === 0 ? 'nothing' : names.join(', ');
  return offline ? `${list}; offline: only what is held` : list;
}

function access(config: Config): string {
  const anonymous = anonymousAccess(config);
  if (anonymous !== 'push' || !config.push.enabled)
    return anonymous === 'none' ? 'nothing' : 'pull';
  return config.push.delete ? 'pull, push, delete' : 'pull, push';
}

/** One registry as an example for each client; `client-config` prints them all. */
function usage(target: MirrorTarget, { upstreams, defaultUpstream, auth }: Config): string {
  const registries = mirroredRegistries(upstreams);
  const isDefault = (_: unknown, index: number): boolean =>
    Object.keys(upstreams)[index] === defaultUpstream;
  const registry = registries.find(isDefault) ?? registries[0];
  if (registry === undefined) return `Push and pull as ${target.host}/NAME:TAG\n`;
  const [host] = registry.hosts;
  const docker =
    defaultUpstream !== null && registry.hosts.includes('docker.io')
      ? [
          snippet(
            'Docker, /etc/docker/daemon.json',
            dockerRecipe(target, [], auth.htpasswd !== null).text,
          ),
        ]
      : [];
  const podman = registryTables(target, registry).slice(0, 1);
  return [
    'To pull through it, paste:\n',
    ...docker,
    snippet(`containerd, /etc/containerd/certs.d/${host}/hosts.toml`, hostsToml(target, registry)),
    ...podman.map((table) =>
      snippet('podman, /etc/containers/registries.conf.d/50-holdfast.conf', table),
    ),
    'For every registry: holdfast client-config docker|containerd|podman|buildkit|k3s\n',
  ].join('\n');
}

function snippet(title: string, text: string): string {
  return `  ${title}:\n\n${text.replace(/^(?=.)/gm, '    ')}`;
}
