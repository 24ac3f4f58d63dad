import { useCallback, useState } from 'preact/hooks';
import { tagsAnswer, type TagEntry } from '../../api/tags.ts';
import { formatBytes } from '../format.ts';
import { platformName, shortDigest, taggedImage } from '../image-name.ts';
import { Age } from '../parts/age.tsx';
import { Crumbs } from '../parts/crumbs.tsx';
import { Listing } from '../parts/listing.tsx';
import { Pinned } from '../parts/pinned.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { hrefOf } from '../route.ts';
import { apiPath, get } from '../server/request.ts';
import { usePages } from '../server/use-pages.ts';
import { useRevision } from '../session.tsx';
import { Misses } from './misses.tsx';

/** More would not fit in a row, and who wants to know has the image's own view. */
const SHOWN_PLATFORMS = 3;

/** The tags of one repository. */
export function Repository({ repository }: { readonly repository: string }) {
  const [search, setSearch] = useState('');
  const load = useCallback(
    async (last: string | undefined) => {
      const path = apiPath('tags', { repository, search, last });
      const { tags, next } = await get(tagsAnswer, path);
      return { items: tags, next };
    },
    [repository, search],
  );
  const pages = usePages(load, useRevision());
  return (
    <>
      <Crumbs />
      <div class="title">
        <h1 tabIndex={-1} class="name">
          {repository}
        </h1>
      </div>
      <div class="filters">
        <SearchField label="Search tags" onSearch={setSearch} />
      </div>
      <Listing
        pages={pages}
        caption={`Tags of ${repository}`}
        columns={[
          { title: 'Tag' },
          { title: 'Platforms', minor: true },
          { title: 'Size', number: true },
          { title: 'Digest', minor: true },
          { title: 'Confirmed', minor: true },
          { title: 'Last used' },
        ]}
        empty={<p>{search === '' ? 'No tags are held.' : 'No tag matches.'}</p>}
      >
        {(tag) => <Row key={tag.name} repository={repository} tag={tag} />}
      </Listing>
      <Misses repository={repository} />
    </>
  );
}

function Row({ repository, tag }: { readonly repository: string; readonly tag: TagEntry }) {
  const { name, platforms, size, digest, checkedAt, usedAt, pinned } = tag;
  const names = platforms.map(platformName);
  const hidden = names.length - SHOWN_PLATFORMS;
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf({ view: 'image', image: taggedImage(repository, name) })}>{name}</a>
        {pinned && <Pinned />}
      </th>
      <td class="minor" title={names.join(', ')}>
        {names.slice(0, SHOWN_PLATFORMS).join(', ')}
        {hidden > 0 && <span class="quiet"> +{hidden}</span>}
        {names.length === 0 && <span class="quiet">–</span>}
      </td>
      <td class="number">{formatBytes(size)}</td>
      <td class="minor">
        <code title={digest}>{shortDigest(digest)}</code>
      </td>
      <td class="minor">
        <Age time={checkedAt} />
      </td>
      <td>
        <Age time={usedAt} />
      </td>
    </tr>
  );
}
