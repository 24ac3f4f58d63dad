import type { MirroredRegistry } from './mirrored-registry.ts';
import type { MirrorTarget, WriteRecipe } from './recipe.ts';

/** One hosts.toml per registry, as a shell script that writes them all. containerd adds `?ns=` to what it asks a mirror. */
export const containerdRecipe: WriteRecipe = (target, registries) => {
  const files = registries.flatMap((registry) =>
    registry.hosts.map((host) => {
      const directory = `/etc/containerd/certs.d/${host}`;
      return `mkdir -p '${directory}'\ncat > '${directory}/hosts.toml' <<'EOF'\n${hostsToml(target, registry)}EOF\n`;
    }),
  );
  return {
    text: files.join('\n'),
    notes: [
      'Run this as root on each node: it writes one hosts.toml per registry. containerd needs no restart for these files.',
      'It does need to be told the folder, once, in /etc/containerd/config.toml:',
      '  containerd 2: [plugins."io.containerd.cri.v1.images".registry] config_path = "/etc/containerd/certs.d"',
      '  containerd 1: [plugins."io.containerd.grpc.v1.cri".registry] config_path = "/etc/containerd/certs.d"',
      'nerdctl reads the folder by itself; ctr takes --hosts-dir /etc/containerd/certs.d',
      ...(target.insecure
        ? []
        : [
            'If the certificate is of your own authority, add below capabilities: ca = "/path/to/ca.pem"',
          ]),
    ],
  };
};

/** `server` is who is asked when the mirror cannot answer. */
export function hostsToml(target: MirrorTarget, registry: MirroredRegistry): string {
  return `server = "${registry.url}"\n\n[host."${target.url}"]\n  capabilities = ["pull", "resolve"]\n`;
}
