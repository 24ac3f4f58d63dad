/** What a client's configuration has to say of one upstream. */
export interface MirroredRegistry {
  /** The hosts by which images name it. */
  readonly hosts: readonly [string, ...string[]];
  /** Where it answers itself, for when the mirror cannot. */
  readonly url: string;
  /**
   * The first path component that means it at the mirror; undefined where every name has a port, which no image name may
   * have in its path.
   */
  readonly prefix: string | undefined;
}

/** Clients turn these into docker.io before they look for a mirror. */
const INTERNAL_HOSTS = new Set(['index.docker.io', 'registry-1.docker.io']);

/** @param upstreams - by name: of the configuration, or of the API */
export function mirroredRegistries(
  upstreams: Readonly<
    Record<string, { readonly url: string; readonly aliases: readonly string[] }>
  >,
): MirroredRegistry[] {
  return Object.entries(upstreams).map(([name, { aliases, url }]) => ({
    hosts: [name, ...aliases.filter((alias) => !INTERNAL_HOSTS.has(alias))],
    url,
    prefix: [name, ...aliases].find((host) => !host.includes(':')),
  }));
}
