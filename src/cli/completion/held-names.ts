import { Readable } from 'node:stream';
import { repositoriesAnswer } from '../../api/repositories.ts';
import { statusAnswer } from '../../api/status.ts';
import { tagsAnswer } from '../../api/tags.ts';
import type { ApiClient } from '../api-client.ts';
import { connect } from '../server-options.ts';
import type { Terminal } from '../terminal.ts';
import type { Candidate } from './complete.ts';

/** Whoever presses the tab key would rather go on typing than wait longer. */
const PATIENCE_MS = 1_500;

/** More than a screen of candidates helps nobody. */
const MOST = 100;

type Kind = 'image' | 'repository' | 'pattern';

/**
 * Names of what the server holds that begin with `word`, with tags where it has a colon already. Without a server there
 * are none: in the middle of a line is no place for a message.
 */
export async function heldNames(
  kind: Kind,
  word: string,
  given: Readonly<Record<string, string>>,
  terminal: Terminal,
): Promise<readonly Candidate[]> {
  const late = new Promise<readonly Candidate[]>((resolve) => {
    setTimeout(resolve, PATIENCE_MS, []).unref();
  });
  return Promise.race([ask(kind, word, given, terminal).catch(() => []), late]);
}

async function ask(
  kind: Kind,
  word: string,
  given: Readonly<Record<string, string>>,
  terminal: Terminal,
): Promise<readonly Candidate[]> {
  const { '--server': server, '--config': config, '--user': user, '--ca': ca } = given;
  const stated = { server, config, user, ca };
  const options = Object.fromEntries(
    Object.entries(stated).filter(([, value]) => value !== undefined),
  );
  // Nobody is there to be asked for a password.
  const client = await connect(options, { ...terminal, input: Readable.from([]) });
  const colon = word.lastIndexOf(':');
  if (kind !== 'repository' && colon > word.lastIndexOf('/'))
    return tags(client, word.slice(0, colon), word.slice(colon + 1));
  return repositories(client, word);
}

async function tags(client: ApiClient, repository: string, begun: string): Promise<Candidate[]> {
  const search = begun === '' ? undefined : begun;
  const { tags: found } = await client.get(tagsAnswer, '/tags', { repository, search, n: MOST });
  return found.map(({ name }) => ({ value: `${repository}:${name}`, description: '' }));
}

async function repositories(client: ApiClient, word: string): Promise<Candidate[]> {
  const search = word === '' ? undefined : word;
  const [{ repositories: found }, { defaultUpstream }] = await Promise.all([
    client.get(repositoriesAnswer, '/repositories', { search, n: MOST }),
    client.get(statusAnswer, '/status'),
  ]);
  return found.flatMap(({ name, kind }) =>
    spellings(name, defaultUpstream)
      .filter((value) => value.startsWith(word))
      .slice(0, 1)
      .map((value) => ({ value, description: kind })),
  );
}

/** The name in full, and the shorter ones that mean the same in a pull. */
function spellings(name: string, defaultUpstream: string | null): string[] {
  const inDefault = `${defaultUpstream}/`;
  if (!name.startsWith(inDefault)) return [name];
  const bare = name.slice(inDefault.length);
  // Docker Hub alone puts names without a slash under library/.
  const short = defaultUpstream === 'docker.io' ? bare.replace(/^library\//, '') : bare;
  return [short, bare, name];
}
