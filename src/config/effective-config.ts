import * as z from 'zod';
import type { Config } from './config.ts';
import { configSchema } from './schema.ts';

const HIDDEN = '(hidden)';

/** The configuration as a file would spell it, every key written out, secrets hidden. */
export function effectiveConfig(config: Config): unknown {
  return z.encode(configSchema({}), {
    ...config,
    upstreams: Object.fromEntries(
      Object.entries(config.upstreams).map(([name, { credentials, proxy, ...rest }]) => [
        name,
        {
          ...rest,
          credentials: credentials === null ? null : { ...credentials, password: HIDDEN },
          proxy: proxy === null ? null : hidePassword(proxy),
        },
      ]),
    ),
  });
}

function hidePassword(address: string): string {
  const url = new URL(address);
  if (url.password !== '') url.password = 'hidden';
  return url.href;
}
