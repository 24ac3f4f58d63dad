import { essence } from './media-types.ts';

/** The spec asks for 404 of a registry that has no such path; some say it in another way. */
const NO_SUCH_PATH: ReadonlySet<number> = new Set([400, 404, 405, 406, 501]);

/**
 * Whether the answer to a request for referrers is that of a registry without the API for them, which has the fallback tag then
 * (distribution-spec, "Unavailable Referrers API"). Some answer what they do not know with a page for people.
 */
export function lacksReferrersApi(status: number, contentType: string | undefined): boolean {
  if (status !== 200) return NO_SUCH_PATH.has(status);
  const type = essence(contentType ?? '');
  return type !== '' && !type.endsWith('json');
}
