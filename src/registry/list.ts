/** Tags, referrers and the catalog, hosted and mirrored alike. */
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { OciError } from '../oci/error-codes.ts';
import { displayName, type Repository } from '../oci/repository.ts';
import type { PullThrough } from '../pull-through/pull-through.ts';
import type { Found } from '../store/inventory-records.ts';
import type { MetadataStore, Page } from '../store/metadata-store.ts';
import { shownEntries } from '../store/shown-entries.ts';
import { UpstreamError } from '../upstream/errors.ts';
import type { ListPage } from '../upstream/upstream.ts';
import type { Target } from './naming.ts';

/** No page is longer, whatever `n` asks for. */
export const MAX_PAGE = 10_000;

export interface NamePage {
  readonly names: readonly string[];
  readonly next?: ListPage;
}

export interface ReferrersPage {
  readonly descriptors: readonly Descriptor[];
  /** The digest to go on behind, where there is more. */
  readonly next?: Digest;
}

export interface ReferrersRequest {
  readonly artifactType: string | undefined;
  readonly after: Digest | undefined;
  readonly limit: number;
}

export class Lists {
  readonly #metadata: MetadataStore;
  readonly #pullThrough: PullThrough;

  constructor(metadata: MetadataStore, pullThrough: PullThrough) {
    this.#metadata = metadata;
    this.#pullThrough = pullThrough;
  }

  async tags(target: Target, page: ListPage): Promise<NamePage> {
    if (target.kind === 'mirrored' || !(await this.#metadata.hasRepository(target.hosted))) {
      const mirrored = target.kind === 'mirrored' ? target.repository : target.mirrored;
      if (!mirrored) throw new OciError('NAME_UNKNOWN');
      // Not every registry knows what to make of 0; with one it says whether there is such a repository.
      const bounded = page.n === undefined ? page : { ...page, n: Math.min(page.n || 1, MAX_PAGE) };
      const { tags, next } = await this.#pullThrough.tags(mirrored, bounded);
      if (page.n === 0) return { names: [] };
      return { names: tags, ...(next && { next }) };
    }
    return listPage(page, (limit) =>
      this.#metadata.listTags(target.hosted, { after: page.last, limit }),
    );
  }

  /** Repositories that hold something, as `NAME` or `UPSTREAM/NAME`; of those that are not visible nothing shows. */
  async catalog(page: ListPage, visible: (repository: Repository) => boolean): Promise<NamePage> {
    return listPage(page, async (wanted) => {
      const look = async (looked: Page): Promise<Found<Repository>> => {
        const entries = await this.#metadata.listRepositories(looked);
        const last = entries.length < looked.limit ? undefined : entries.at(-1);
        return { entries, next: last && displayName(last) };
      };
      const shown = await shownEntries({ after: page.last, wanted }, look, visible);
      return shown.map(displayName);
    });
  }

  /** Never a 404: what nothing refers to has an empty list, also in a repository that is not known. */
  async referrers(
    target: Target,
    subject: Digest,
    request: ReferrersRequest,
  ): Promise<ReferrersPage> {
    const { artifactType, after, limit } = request;
    if (target.kind === 'bare') {
      if (!target.mirrored || (await this.#metadata.hasRepository(target.hosted))) {
        const found = await this.#metadata.listReferrers(target.hosted, subject, {
          artifactType,
          after,
          limit: limit + 1,
        });
        return cut(found, limit);
      }
    }
    const mirrored = target.kind === 'mirrored' ? target.repository : target.mirrored;
    if (!mirrored) return { descriptors: [] };
    const all = await this.#mirroredReferrers(mirrored, subject);
    const wanted = all
      .filter((one) => artifactType === undefined || one.artifactType === artifactType)
      .toSorted((one, other) => (one.digest < other.digest ? -1 : 1))
      .filter(({ digest }) => after === undefined || digest > after);
    return cut(wanted, limit);
  }

  async #mirroredReferrers(
    mirrored: Extract<Repository, { kind: 'mirrored' }>,
    subject: Digest,
  ): Promise<readonly Descriptor[]> {
    try {
      return await this.#pullThrough.referrers(mirrored, subject);
    } catch (error) {
      if (
        error instanceof UpstreamError &&
        (error.kind === 'not-found' || error.kind === 'denied')
      ) {
        return [];
      }
      throw error;
    }
  }
}

/** Reads one more than is shown, which tells whether there is a next page without counting. */
async function listPage(
  page: ListPage,
  read: (limit: number) => Promise<readonly string[]>,
): Promise<NamePage> {
  const limit = Math.min(page.n ?? MAX_PAGE, MAX_PAGE);
  if (limit === 0) return { names: [] };
  const names = await read(limit + 1);
  if (names.length <= limit) return { names };
  const shown = names.slice(0, limit);
  return { names: shown, next: { n: limit, last: shown.at(-1) } };
}

function cut(found: readonly Descriptor[], limit: number): ReferrersPage {
  if (found.length <= limit) return { descriptors: found };
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return { descriptors: shown, ...(last && { next: last.digest }) };
}
