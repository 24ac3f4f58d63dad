import { hrefOf } from '../route.ts';

/** The way back: the list of images, and from an image its repository. */
export function Crumbs({ repository }: { readonly repository?: string }) {
  return (
    <nav class="crumbs" aria-label="Path">
      <a href={hrefOf({ view: 'images' })}>Images</a>
      {repository !== undefined && (
        <>
          <span aria-hidden="true">/</span>
          <a href={hrefOf({ view: 'repository', repository })}>{repository}</a>
        </>
      )}
    </nav>
  );
}
