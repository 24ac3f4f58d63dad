/** What is printed when all is done. */
export interface Imported {
  readonly registry: string;
  readonly images: readonly {
    readonly names: readonly string[];
    /** `NAME:TAG` */
    readonly pushed: readonly string[];
    readonly digest: string;
    /** Platforms or digests that the archive lacks, so that the index is without them. */
    readonly missing: readonly string[];
    /** Signatures and the like that came with it. */
    readonly referrers: number;
  }[];
  readonly blobs: { readonly sent: number; readonly held: number; readonly mounted: number };
}
