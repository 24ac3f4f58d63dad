import type { WriteRecipe } from './recipe.ts';

/**
 * registries.yaml (k3s, RKE2). An endpoint with a path replaces `/v2`, so the path states the registry and no rewrite is
 * needed.
 */
export const k3sRecipe: WriteRecipe = (target, registries) => {
  const mirrors = registries.flatMap(({ hosts, prefix }) =>
    hosts.map((host) => {
      const endpoint = prefix === undefined ? target.url : `${target.url}/v2/${prefix}`;
      return `  "${host}":\n    endpoint:\n      - "${endpoint}"\n`;
    }),
  );
  return {
    text: `mirrors:\n${mirrors.join('')}`,
    notes: [
      'Goes into /etc/rancher/k3s/registries.yaml (RKE2: /etc/rancher/rke2/registries.yaml) on each node, then: systemctl restart k3s',
      ...(target.insecure
        ? []
        : [
            `If the certificate is of your own authority: configs: {"${target.host}": {tls: {ca_file: /path/to/ca.pem}}}`,
          ]),
    ],
  };
};
