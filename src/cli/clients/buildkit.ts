import type { WriteRecipe } from './recipe.ts';

/** buildkitd.toml. BuildKit puts the path of a mirror behind /v2/ and adds `?ns=` as containerd does. */
export const buildkitRecipe: WriteRecipe = (target, registries) => {
  const tables = registries.flatMap(({ hosts, prefix }) =>
    hosts.map((host) => {
      // Without a prefix `?ns=` alone says which registry is meant.
      const mirror = prefix === undefined ? target.host : `${target.host}/${prefix}`;
      return `[registry."${host}"]\n  mirrors = ["${mirror}"]\n`;
    }),
  );
  const own = target.insecure ? [`[registry."${target.host}"]\n  http = true\n`] : [];
  return {
    text: [...tables, ...own].join('\n'),
    notes: [
      'Goes into /etc/buildkit/buildkitd.toml, or into a builder of its own:',
      '  docker buildx create --use --driver docker-container --buildkitd-config buildkitd.toml',
      '(docker build without such a builder uses the mirror in daemon.json.)',
      ...(target.insecure
        ? []
        : [
            `If the certificate is of your own authority: [registry."${target.host}"] ca = ["/path/to/ca.pem"]`,
          ]),
    ],
  };
};
