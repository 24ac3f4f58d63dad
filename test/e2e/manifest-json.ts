/** What is read here of a manifest or an index. */
export interface ManifestJson {
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly manifests?: readonly {
    readonly digest: string;
    readonly platform: { readonly architecture: string };
  }[];
}

/** What containers call this machine's architecture: `x64` is nobody's word but Node's. */
export const hostArchitecture = process.arch === 'x64' ? 'amd64' : process.arch;

/** The config digest of this machine's image in `manifest`; `read` gives an index's manifests by digest. */
export async function hostConfigDigest(
  manifest: ManifestJson,
  read: (digest: string) => Promise<ManifestJson>,
): Promise<string> {
  if (manifest.config !== undefined) return manifest.config.digest;
  const child = manifest.manifests?.find((m) => m.platform.architecture === hostArchitecture);
  if (child === undefined) throw new Error(`an index without a manifest for ${hostArchitecture}`);
  return hostConfigDigest(await read(child.digest), read);
}
