import { Argument, type Command, InvalidArgumentError } from 'commander';
import type { Config } from '../config/config.ts';
import { ConfigurationError } from '../config/configuration-error.ts';
import { loadConfig } from '../config/load-config.ts';
import { type ConfigOption, configOption } from './config-option.ts';
import { buildkitRecipe } from './clients/buildkit.ts';
import { containerdRecipe } from './clients/containerd.ts';
import { dockerRecipe } from './clients/docker.ts';
import { k3sRecipe } from './clients/k3s.ts';
import { mirroredRegistries } from './clients/mirrored-registry.ts';
import { mirrorTarget, parseMirrorUrl } from './clients/mirror-target.ts';
import { podmanRecipe } from './clients/podman.ts';
import type { MirrorTarget, WriteRecipe } from './clients/recipe.ts';
import type { Terminal } from './terminal.ts';

const RECIPES = {
  docker: dockerRecipe,
  containerd: containerdRecipe,
  podman: podmanRecipe,
  buildkit: buildkitRecipe,
  k3s: k3sRecipe,
} as const satisfies Record<string, WriteRecipe>;

type Client = keyof typeof RECIPES;

interface Options extends ConfigOption {
  readonly url?: MirrorTarget;
}

export function addClientConfig(program: Command, terminal: Terminal): void {
  program
    .command('client-config')
    .summary("print a client's configuration for this mirror")
    .description(
      "Prints a client's configuration for every mirrored registry, ready to paste, on stdout; " +
        'where it goes and what it cannot do, on stderr.',
    )
    .addArgument(new Argument('<client>', 'who is to pull').choices(Object.keys(RECIPES)))
    .option('-u, --url <url>', 'address of the mirror as clients reach it', readUrl)
    .addOption(configOption())
    .action((client: Client, { config: file, url }: Options) => {
      const { config } = loadConfig(file, terminal.environment);
      const target = url ?? configuredTarget(config);
      if (client === 'docker') requireDockerHub(config);
      const { text, notes } = RECIPES[client](
        target,
        mirroredRegistries(config.upstreams),
        config.auth.htpasswd !== null,
      );
      const all = target.loopback && url === undefined ? [...notes, LOOPBACK_NOTE] : notes;
      terminal.err(`${all.map((note) => `# ${note}`).join('\n')}\n`);
      terminal.out(text);
    });
}

const LOOPBACK_NOTE =
  'The address is one that only this machine reaches; --url states another, such as --url http://mirror.example:5000';

function readUrl(text: string): MirrorTarget {
  const target = parseMirrorUrl(text);
  if (target !== undefined) return target;
  throw new InvalidArgumentError('Expected http://HOST[:PORT] or https://HOST[:PORT].');
}

function configuredTarget({ listen }: Config): MirrorTarget {
  if (listen.port !== 0) return mirrorTarget({ ...listen, tls: listen.tls !== null });
  throw new ConfigurationError(['listen.port: is 0, so state the address with --url']);
}

/** Docker says nothing but a bare name, so any other default upstream would answer in the place of docker.io. */
function requireDockerHub({ defaultUpstream, upstreams }: Config): void {
  const entry = defaultUpstream === null ? undefined : upstreams[defaultUpstream];
  if (defaultUpstream === 'docker.io' || entry?.aliases.includes('docker.io') === true) return;
  const got = JSON.stringify(defaultUpstream);
  throw new ConfigurationError([
    `defaultUpstream: got ${got}, but Docker can only mirror docker.io, as the default upstream`,
  ]);
}
