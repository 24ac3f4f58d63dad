import { useCallback, useState } from 'preact/hooks';
import type { RepositoryKind } from '../../api/common.ts';
import { repositoriesAnswer, type RepositoryEntry } from '../../api/repositories.ts';
import { formatBytes, formatCount } from '../format.ts';
import { ImportButton } from '../import/import-button.tsx';
import { Age } from '../parts/age.tsx';
import { Listing } from '../parts/listing.tsx';
import { Pinned } from '../parts/pinned.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { Segments } from '../parts/segments.tsx';
import { hrefOf } from '../route.ts';
import { apiPath, get } from '../server/request.ts';
import { usePages } from '../server/use-pages.ts';
import { useRevision } from '../session.tsx';

type Kind = 'all' | RepositoryKind;

const KINDS = [
  { value: 'all', text: 'All' },
  { value: 'mirrored', text: 'Mirrored' },
  { value: 'hosted', text: 'Hosted' },
] as const;

/** Every repository that something is held of. */
export function Images() {
  const [search, setSearch] = useState('');
  const [kind, setKind] = useState<Kind>('all');
  const load = useCallback(
    async (last: string | undefined) => {
      const only = kind === 'all' ? undefined : kind;
      const path = apiPath('repositories', { search, kind: only, last });
      const { repositories, next } = await get(repositoriesAnswer, path);
      return { items: repositories, next };
    },
    [search, kind],
  );
  const pages = usePages(load, useRevision());
  const filtered = search !== '' || kind !== 'all';
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Images</h1>
        <ImportButton />
      </div>
      <div class="filters">
        <SearchField label="Search repositories" onSearch={setSearch} />
        <Segments label="Kind" options={KINDS} value={kind} onChange={setKind} />
      </div>
      <Listing
        pages={pages}
        caption="Repositories"
        columns={[
          { title: 'Repository' },
          { title: 'Tags', number: true },
          { title: 'Size', number: true },
          { title: 'Last used', minor: true },
          { title: 'Last added', minor: true },
        ]}
        empty={
          filtered ? (
            <p>No repository matches.</p>
          ) : (
            <>
              <p>Nothing is held yet.</p>
              <p class="quiet">
                <a href={hrefOf({ view: 'connect' })}>Point a client here</a> and pull something,
                push an image, or drop an archive on this page.
              </p>
            </>
          )
        }
      >
        {(repository) => <Row key={repository.name} repository={repository} />}
      </Listing>
    </>
  );
}

function Row({ repository }: { readonly repository: RepositoryEntry }) {
  const { name, kind, tags, bytes, usedAt, cachedAt, pinned } = repository;
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf({ view: 'repository', repository: name })}>{name}</a>
        {kind === 'hosted' && <span class="tag">hosted</span>}
        {pinned && <Pinned />}
      </th>
      <td class="number">{formatCount(tags)}</td>
      <td class="number">{formatBytes(bytes)}</td>
      <td class="minor">
        <Age time={usedAt} />
      </td>
      <td class="minor">
        <Age time={cachedAt} />
      </td>
    </tr>
  );
}
