/** Where the visitor is, in the fragment of the address: the server never sees it, and links can be passed on. */
import { useEffect, useState } from 'preact/hooks';

export type Route =
  | { readonly view: 'overview' }
  | { readonly view: 'images' }
  | { readonly view: 'repository'; readonly repository: string }
  | { readonly view: 'image'; readonly image: string }
  | { readonly view: 'activity' }
  | { readonly view: 'connect' }
  | { readonly view: 'unknown' };

/** `#/repository/docker.io/library/alpine`: names stand as they are, slashes and colons too. */
export function parseRoute(fragment: string): Route {
  const [, view = '', rest = ''] = /^#?\/?([^/]*)\/?(.*)$/.exec(fragment) ?? [];
  const name = decoded(rest);
  switch (view) {
    case '':
      return { view: 'overview' };
    case 'images':
    case 'activity':
    case 'connect':
      return rest === '' ? { view } : { view: 'unknown' };
    case 'repository':
      return name === '' ? { view: 'unknown' } : { view, repository: name };
    case 'image':
      return name === '' ? { view: 'unknown' } : { view, image: name };
    default:
      return { view: 'unknown' };
  }
}

export function hrefOf(route: Exclude<Route, { view: 'unknown' }>): string {
  switch (route.view) {
    case 'overview':
      return '#/';
    case 'images':
    case 'activity':
    case 'connect':
      return `#/${route.view}`;
    case 'repository':
      return `#/repository/${encodeURI(route.repository)}`;
    case 'image':
      return `#/image/${encodeURI(route.image)}`;
  }
}

/** The route of the moment; renders again when it changes. */
export function useRoute(): Route {
  const [fragment, setFragment] = useState(location.hash);
  useEffect(() => {
    const follow = (): void => setFragment(location.hash);
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return parseRoute(fragment);
}

export function goTo(route: Exclude<Route, { view: 'unknown' }>): void {
  location.hash = hrefOf(route);
}

/** What somebody typed by hand may be no valid encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
