import { X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { type Config, LOG_LEVELS } from './config.ts';
import { ConfigurationError, problemLines } from './configuration-error.ts';
import type { Environment } from './environment-reference.ts';
import { parseHtpasswd } from './htpasswd.ts';
import { parseListenAddress } from './listen-address.ts';
import { readJsonFile } from './read-json-file.ts';
import { configSchema } from './schema.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** The file that was read; undefined: the built-in defaults. */
  readonly file: string | undefined;
}

/** Read when neither an option nor the environment names a file, and only if it exists. */
const DEFAULT_FILE = './config.json';

/**
 * Finds, reads and checks the configuration: `file`, else `$HOLDFAST_CONFIG`, else `./config.json` if there is one, else
 * the built-in defaults; then the variables `HOLDFAST_LISTEN`, `HOLDFAST_STORAGE_DIR` and `HOLDFAST_LOG_LEVEL` on top. A
 * variable that is empty counts as not set.
 * @throws ConfigurationError with every problem that there is
 */
export function loadConfig(file: string | undefined, environment: Environment): LoadedConfig {
  const chosen = file ?? variable(environment, 'HOLDFAST_CONFIG') ?? defaultFile();
  const { config, problems } = parse(chosen === undefined ? {} : readJsonFile(chosen), environment);
  const overrides = readOverrides(environment);
  const all = [...problems, ...overrides.problems];
  if (config === undefined || all.length > 0) throw new ConfigurationError(all);
  const effective: Config = {
    ...config,
    listen: { ...config.listen, ...overrides.listen },
    storage: { ...config.storage, ...overrides.storage },
    log: { ...config.log, ...overrides.log },
  };
  const wrong = unreadableFiles(effective);
  if (wrong.length === 0)
    wrong.push(...brokenAccounts(effective), ...brokenCertificates(effective));
  if (wrong.length > 0) throw new ConfigurationError(wrong);
  return { config: effective, file: chosen };
}

function defaultFile(): string | undefined {
  return existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined;
}

function variable(environment: Environment, name: string): string | undefined {
  return environment[name] === '' ? undefined : environment[name];
}

function parse(input: unknown, environment: Environment): { config?: Config; problems: string[] } {
  const result = configSchema(environment).safeParse(input);
  return result.success
    ? { config: result.data, problems: [] }
    : { problems: problemLines(result.error) };
}

interface Overrides {
  readonly listen?: Pick<Config['listen'], 'host' | 'port'>;
  readonly storage?: Pick<Config['storage'], 'dir'>;
  readonly log?: Config['log'];
  readonly problems: readonly string[];
}

function readOverrides(environment: Environment): Overrides {
  const problems: string[] = [];
  const read = <Value>(
    name: string,
    what: string,
    decode: (text: string) => Value | undefined,
  ): Value | undefined => {
    const text = variable(environment, name);
    const value = text === undefined ? undefined : decode(text);
    if (text !== undefined && value === undefined)
      problems.push(`${name}: got ${JSON.stringify(text)}, expected ${what}`);
    return value;
  };
  const listen = read(
    'HOLDFAST_LISTEN',
    'host:port such as "127.0.0.1:5000" or "[::1]:5000"',
    parseListenAddress,
  );
  const dir = read('HOLDFAST_STORAGE_DIR', 'a path', (text) => resolve(text));
  const level = read('HOLDFAST_LOG_LEVEL', `one of ${LOG_LEVELS.join(', ')}`, (text) =>
    LOG_LEVELS.find((known) => known === text),
  );
  return {
    ...(listen !== undefined && { listen }),
    ...(dir !== undefined && { storage: { dir } }),
    ...(level !== undefined && { log: { level } }),
    problems,
  };
}

/** A certificate that cannot be read is better told now than at the first pull. */
function unreadableFiles(config: Config): string[] {
  const files: [key: string, path: string | null][] = [
    ['listen.tls.cert', config.listen.tls?.cert ?? null],
    ['listen.tls.key', config.listen.tls?.key ?? null],
    ['auth.htpasswd', config.auth.htpasswd],
    ...Object.entries(config.upstreams).map(([name, upstream]): [string, string | null] => [
      `upstreams.${name}.tls.ca`,
      upstream.tls.ca,
    ]),
  ];
  return files.flatMap(([key, path]) => {
    if (path === null) return [];
    try {
      accessSync(path, constants.R_OK);
      return [];
    } catch {
      return [`${key}: ${path} cannot be read`];
    }
  });
}

/** While it runs a broken file leaves the accounts as they are; at the start there are none to go on with. */
function brokenAccounts({ auth: { htpasswd } }: Config): string[] {
  if (htpasswd === null) return [];
  const { problems } = parseHtpasswd(readFileSync(htpasswd, 'utf8'));
  return problems.map((problem) => `auth.htpasswd: ${htpasswd}: ${problem}`);
}

/** Certificates that are none. Node says nothing of an authority that it cannot read: the upstream would only never be believed. */
function brokenCertificates({ listen: { tls }, upstreams }: Config): string[] {
  const problems = Object.entries(upstreams).flatMap(([name, upstream]) => {
    const { ca } = upstream.tls;
    const reason = ca === null ? undefined : failure(() => new X509Certificate(readFileSync(ca)));
    return reason === undefined
      ? []
      : [`upstreams.${name}.tls.ca: ${ca} holds no certificate in PEM`];
  });
  if (tls === null) return problems;
  const { cert, key } = tls;
  const reason = failure(() =>
    createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) }),
  );
  if (reason !== undefined) {
    problems.unshift(`listen.tls: ${cert} and ${key} cannot be used: ${reason}`);
  }
  return problems;
}

/** The message of what it throws, if it does. */
function failure(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
