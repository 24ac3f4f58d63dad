import type { MirroredRegistry } from './mirrored-registry.ts';
import type { MirrorTarget, WriteRecipe } from './recipe.ts';

/** registries.conf (podman, buildah, skopeo, CRI-O). The registry is told to the mirror as the first part of the name. */
export const podmanRecipe: WriteRecipe = (target, registries) => {
  const nameless = registries.filter(({ prefix }) => prefix === undefined);
  return {
    text: registries.flatMap((registry) => registryTables(target, registry)).join('\n'),
    notes: [
      'Goes into /etc/containers/registries.conf.d/50-holdfast.conf (or ~/.config/containers/registries.conf for one user).',
      'skopeo reads it too; CRI-O after: systemctl reload crio',
      ...(target.insecure
        ? []
        : [
            `If the certificate is of your own authority: its PEM file goes to /etc/containers/certs.d/${target.host}/ca.crt`,
          ]),
      ...nameless.map(
        ({ hosts: [host] }) =>
          `${host} is left out: a name with a port cannot be part of an image name; give that upstream an alias without one.`,
      ),
    ],
  };
};

/** The tables of one registry, or none where the mirror has no name for it that podman could use. */
export function registryTables(target: MirrorTarget, registry: MirroredRegistry): string[] {
  const { hosts, prefix, url } = registry;
  if (prefix === undefined) return [];
  return hosts.map((host) =>
    [
      '[[registry]]',
      `prefix = "${host}"`,
      `location = "${host}"`,
      ...(url.startsWith('http:') ? ['insecure = true'] : []),
      '',
      '[[registry.mirror]]',
      `location = "${target.host}/${prefix}"`,
      ...(target.insecure ? ['insecure = true'] : []),
      '',
    ].join('\n'),
  );
}
