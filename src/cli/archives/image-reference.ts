import { fullName } from '../../archive/image-names.ts';
import type { ExportedName } from '../../archive/export-members.ts';
import { parseReference } from '../../oci/reference.ts';

/** An image that the command line names. */
export interface ImageReference {
  /** Its repository in the registry that is asked: with an upstream's name, without the registry's own. */
  readonly repository: string;
  /** Tag or digest. */
  readonly reference: string;
  /** What the archive calls it; undefined for an image that is named by its digest alone. */
  readonly name: ExportedName | undefined;
}

/**
 * What `NAME[:TAG][@DIGEST]` means in the registry `host`. Undefined where it is no such thing.
 *
 * @param host - with its port; a name that begins with it means what is there
 */
export function parseImageReference(text: string, host: string): ImageReference | undefined {
  const [, name, tag, digest] = /^(.+?)(?::([^/:@]+))?(?:@(.+))?$/.exec(text) ?? [];
  const reference = digest ?? tag ?? 'latest';
  if (name === undefined || parseReference(reference) === undefined) return undefined;
  const repository = name.startsWith(`${host}/`) ? name.slice(host.length + 1) : name;
  const named = tag ?? (digest === undefined ? 'latest' : undefined);
  return { repository, reference, name: named === undefined ? undefined : names(name, named) };
}

/** Docker's short and containerd's long form of a name. */
function names(name: string, tag: string): ExportedName {
  const full = fullName(name);
  const short = full.replace(/^docker\.io\/(?:library\/(?=[^/]+$))?/, '');
  return { familiar: `${short}:${tag}`, full: `${full}:${tag}`, tag };
}
