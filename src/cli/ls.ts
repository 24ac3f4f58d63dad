import { type Command, Option } from 'commander';
import { repositoryKind } from '../api/common.ts';
import { countOption } from './count-option.ts';
import { listEvictions } from './list-evictions.ts';
import { listRepositories } from './list-repositories.ts';
import { listTags } from './list-tags.ts';
import type { ListOptions } from './list-options.ts';
import { withJson } from './print.ts';
import { connect, type ServerOptions, withServer } from './server-options.ts';
import type { Terminal } from './terminal.ts';

interface Options extends ListOptions, ServerOptions {
  readonly evictNext?: true;
}

/** More than anybody reads; a script that wants all of a large store states what it can take. */
const MOST = 1_000_000;

export function addLs(program: Command, terminal: Terminal): void {
  const command = program
    .command('ls')
    .summary('list repositories, tags, or what goes next to make room')
    .description(
      'Lists the repositories that are mirrored or hosted here; with a repository, its tags; ' +
        'with --evict-next, what would be evicted next to make room, in that order.',
    )
    .argument('[repository]', 'list its tags; bare names mean what they mean in a pull')
    .option('--search <text>', 'only names with this text in them')
    .addOption(
      new Option('--kind <kind>', 'only repositories of this kind').choices(repositoryKind.options),
    )
    .option('--evict-next', 'what would be evicted next to make room')
    .addOption(countOption('-n, --limit <count>', 'at most so many entries', MOST))
    .option('-q, --quiet', 'names alone, one a line');
  withServer(withJson(command).addHelpText('after', EXAMPLES)).action(
    async (repository: string | undefined, options: Options) => {
      requireFitting(repository, options, command);
      const client = await connect(options, terminal);
      if (options.evictNext === true) return listEvictions(client, options, terminal);
      if (repository !== undefined) return listTags(client, repository, options, terminal);
      return listRepositories(client, options, terminal);
    },
  );
}

const EXAMPLES = `
Examples:
  holdfast ls                                everything that is here
  holdfast ls --search postgres              repositories with postgres in their name
  holdfast ls --kind hosted                  what was pushed here
  holdfast ls alpine                         tags of docker.io/library/alpine
  holdfast ls ghcr.io/org/app -q             names that inspect, rm and docker pull take
  holdfast ls --evict-next                   what goes first when the limit is reached
  holdfast ls --json | jq '.repositories[] | select(.pinned) | .name'
`;

function requireFitting(repository: string | undefined, options: Options, command: Command): void {
  const { kind, evictNext, search } = options;
  if (evictNext === true && (repository ?? kind ?? search) !== undefined)
    command.error(
      'error: --evict-next looks at everything; it goes with no name, --kind or --search',
    );
  if (repository !== undefined && kind !== undefined)
    command.error('error: --kind chooses among repositories, and one is stated');
}
