const LABEL = '[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?';
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9a-f:]+\\])(?::\\d{1,5})?$`);

/** DNS allows 253 characters; a port adds six. */
const MAX_HOST_LENGTH = 259;

/**
 * The one spelling of a registry's `host[:port]`, as it stands in image names and in `?ns=`: lower-cased, without the
 * default port 443. Undefined where `text` is no host.
 */
export function normalizeRegistryHost(text: string): string | undefined {
  if (text.length > MAX_HOST_LENGTH) return undefined;
  const host = text.toLowerCase().replace(/:443$/, '');
  return HOST.test(host) ? host : undefined;
}
