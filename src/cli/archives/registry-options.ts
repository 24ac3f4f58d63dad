import { type Command, InvalidArgumentError } from 'commander';
import { RegistryClient } from '../../registry-client/registry-client.ts';
import { chooseScheme, parseRegistryUrl } from '../../registry-client/registry-url.ts';
import { authorization } from '../credentials.ts';
import { readAuthority, type ServerOptions, serverUrl, withServer } from '../server-options.ts';
import type { Terminal } from '../terminal.ts';

/** What a command has that speaks to this server's registry, or to any other. */
export interface RegistryOptions extends ServerOptions {
  readonly registry?: string;
  readonly insecure?: true;
}

const REGISTRY_HELP = `
Another registry: --registry names it, and is asked as nobody in particular unless --user names an account
($HOLDFAST_PASSWORD or a prompt has its password). --insecure takes plain HTTP and certificates of any authority.
`;

export function withRegistry(command: Command): Command {
  command
    .option('-r, --registry <url>', 'any other registry, as URL or HOST[:PORT]', readRegistry)
    .option('--insecure', 'plain HTTP, or TLS with a certificate that nobody vouches for');
  return withServer(command).addHelpText('after', REGISTRY_HELP);
}

/** The registry that the options name. Nothing is sent yet but what tells its scheme. */
export async function openRegistry(
  options: RegistryOptions,
  terminal: Terminal,
): Promise<RegistryClient> {
  const { registry, insecure = false } = options;
  const text = registry ?? serverUrl(options, terminal);
  const url = parseRegistryUrl(text);
  if (url === undefined) throw new Error(`${text} is no address of a registry`);
  return new RegistryClient({
    url: insecure ? await chooseScheme(url, text) : url,
    // What the environment has is for this server, and none of another registry's business.
    account:
      registry !== undefined && options.user === undefined
        ? undefined
        : await authorization(options.user, terminal),
    insecure,
    ca: options.ca === undefined ? undefined : readAuthority(options.ca),
  });
}

function readRegistry(text: string): string {
  if (parseRegistryUrl(text) !== undefined) return text;
  throw new InvalidArgumentError(
    'Expected HOST[:PORT], http://HOST[:PORT] or https://HOST[:PORT].',
  );
}
