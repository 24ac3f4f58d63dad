/**
 * Hosted repositories that no name leads to any more. An upstream's name or alias means that upstream wherever a name begins with it
 * (rule 2 of the names comes before rule 3), so that what was pushed under it before it was an upstream's is out of reach.
 */
import { displayName } from '../oci/repository.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import type { MetadataStore } from '../store/metadata-store.ts';

/** Entries of one look; each look walks over a bounded number of rows. */
const PAGE = 100;

/**
 * By name, `host` itself included where it is one.
 * @param host - name or alias of an upstream
 */
export async function shadowedRepositories(
  metadata: Pick<MetadataStore, 'hasRepository' | 'inventory'>,
  host: string,
): Promise<readonly string[]> {
  const shadowed: string[] = [];
  const name = parseRepositoryName(host);
  if (name === undefined) return shadowed;
  if (await metadata.hasRepository({ kind: 'hosted', name })) shadowed.push(host);
  const prefix = `${host}/`;
  let after: string | undefined = prefix;
  while (after !== undefined && after.startsWith(prefix)) {
    const page = { after, limit: PAGE, kind: 'hosted' } as const;
    const found = await metadata.inventory.listRepositories(page);
    const names = found.entries.map(({ repository }) => displayName(repository));
    shadowed.push(...names.filter((one) => one.startsWith(prefix)));
    after = found.next;
  }
  return shadowed;
}
