import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { ConfigurationError } from '../config/configuration-error.ts';
import { formatListenAddress } from '../config/listen-address.ts';
import { loadConfig } from '../config/load-config.ts';
import { ApiClient } from './api-client.ts';
import { mirrorTarget } from './clients/mirror-target.ts';
import { type ConfigOption, configOption } from './config-option.ts';
import { authorization } from './credentials.ts';
import type { Terminal } from './terminal.ts';

/** What every command has that speaks to a running server. */
export interface ServerOptions extends ConfigOption {
  readonly server?: string;
  readonly user?: string;
  readonly ca?: string;
}

const SERVER_HELP = `Which server: --server, else $HOLDFAST_SERVER, else the listen address of the configuration.
Who asks: --user, else $HOLDFAST_TOKEN, else $HOLDFAST_USER with $HOLDFAST_PASSWORD; else nobody in particular.`;

/** Gives `command` the options by which {@link connect} finds the server, and the words that explain them. */
export function withServer(command: Command): Command {
  return command
    .option(
      '-s, --server <url>',
      'the running server, such as http://mirror.example:5000',
      readServer,
    )
    .option('-u, --user <name[:password]>', 'account; asks for a password that is not stated')
    .option('--ca <file>', "PEM file with the certificate authority of the server's certificate")
    .addOption(configOption())
    .addHelpText('after', SERVER_HELP);
}

/**
 * The client of the server that the options, the environment or the configuration name. Nothing is sent yet.
 * @throws ConfigurationError where what is stated cannot be used
 */
export async function connect(options: ServerOptions, terminal: Terminal): Promise<ApiClient> {
  return new ApiClient({
    url: serverUrl(options, terminal),
    authorization: await authorization(options.user, terminal),
    ...(options.ca !== undefined && { certificateAuthority: readAuthority(options.ca) }),
  });
}

/**
 * The address of the server that the options, the environment or the configuration name.
 * @throws ConfigurationError where what is stated cannot be used
 */
export function serverUrl(options: ServerOptions, terminal: Terminal): string {
  return options.server ?? statedServer(terminal) ?? configuredServer(options.config, terminal);
}

function statedServer({ environment }: Terminal): string | undefined {
  const text = environment['HOLDFAST_SERVER'] ?? '';
  if (text === '') return undefined;
  const url = parseServer(text);
  if (url !== undefined) return url;
  throw new ConfigurationError([
    `HOLDFAST_SERVER: got ${JSON.stringify(text)}, expected http://HOST[:PORT] or https://HOST[:PORT]`,
  ]);
}

function configuredServer(file: string | undefined, terminal: Terminal): string {
  const { listen } = loadConfig(file, terminal.environment).config;
  if (listen.port === 0)
    throw new ConfigurationError(['listen.port: is 0, so state the server with --server']);
  // A certificate is made out to a name; without one the shortest way is the loopback interface.
  if (listen.tls !== null) return mirrorTarget({ ...listen, tls: true }).url;
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[listen.host] ?? listen.host;
  return `http://${formatListenAddress(host, listen.port)}`;
}

function readServer(text: string): string {
  const url = parseServer(text);
  if (url !== undefined) return url;
  throw new InvalidArgumentError('Expected http://HOST[:PORT] or https://HOST[:PORT].');
}

/** A server may lie behind a proxy under a path; credentials have options of their own. */
function parseServer(text: string): string | undefined {
  if (!/^https?:\/\/[^/?#@]+[^?#@]*$/i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text).href.replace(/\/+$/, '');
}

/** @throws ConfigurationError where the file cannot be read */
export function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError([`--ca: ${file} cannot be read (${reason})`]);
  }
}
