const ADDRESS = /^(?:\[(?<v6>[\da-f:.%]+)\]|(?<host>[\w.-]+)):(?<port>\d{1,5})$/i;

/** `host:port` or `[::1]:port`, or undefined where `text` is neither. */
export function parseListenAddress(text: string): { host: string; port: number } | undefined {
  const { v6, host = v6, port } = ADDRESS.exec(text)?.groups ?? {};
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { host, port: Number(port) };
}

/** The same spelling as it is used in URLs. */
export function formatListenAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
