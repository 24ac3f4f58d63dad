import type { Command } from 'commander';
import { type DamagedEntry, type VerifyDone, verifyLine } from '../api/upkeep.ts';
import type { ApiClient } from './api-client.ts';
import { type JsonOption, print, withJson } from './print.ts';
import { Progress } from './progress.ts';
import { readableSize } from './quantities.ts';
import { connect, type ServerOptions, withServer } from './server-options.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

interface Options extends JsonOption, ServerOptions {
  readonly repair?: true;
}

export function addVerify(program: Command, terminal: Terminal): void {
  const command = program
    .command('verify')
    .summary('hash everything again')
    .description(
      'Reads and hashes everything that is stored, while the server goes on serving. Damaged mirrored content is ' +
        'dropped; damaged hosted content is set aside until it is pushed again. ' +
        'Ends with 1 where damage was found that is not repaired.',
    )
    .option('--repair', 'fetch damaged mirrored content again at once')
    .addHelpText('after', EXAMPLES);
  withServer(withJson(command)).action(async (options: Options) => {
    const client = await connect(options, terminal);
    const done = await follow(client, options.repair ?? false, terminal);
    print(done, options, terminal, (answer) => report(answer, terminal));
    const left = done.damaged.filter(({ action }) => action !== 'fetched-again').length;
    if (left > 0) throw new Error(`${left} damaged and not repaired`);
  });
}

const EXAMPLES = `
Examples:
  holdfast verify                            after a crash of the disk or the file system
  holdfast verify --repair                   and fetch again what is damaged
  holdfast verify --json 2>/dev/null | jq -r '.damaged[].repositories[]'
`;

async function follow(client: ApiClient, repair: boolean, terminal: Terminal): Promise<VerifyDone> {
  const progress = new Progress(terminal, { unit: 'bytes' });
  const bar = progress.add('hashing what is stored');
  try {
    for await (const line of client.lines(verifyLine, '/verify', { repair })) {
      bar.update(line.bytes, line.totalBytes);
      if (!('done' in line)) continue;
      bar.end('done');
      return line;
    }
  } finally {
    progress.close();
  }
  throw new Error('the answer was cut before everything was checked');
}

const ACTIONS: Readonly<Record<DamagedEntry['action'], string>> = {
  dropped: 'dropped; the next pull fetches it again',
  'fetched-again': 'fetched again',
  'not-fetched': 'dropped, but upstream did not give it again',
  'push-again': 'lost until it is pushed again',
  unreadable: 'cannot be read to its end',
};

const COLUMNS = [
  { head: 'DAMAGED' },
  { head: 'IN', cut: true },
  { head: 'NOW', cut: true },
] as const;

function report({ checked, bytes, damaged }: VerifyDone, terminal: Terminal): string {
  const summary = `checked ${checked} blobs and manifests, ${readableSize(bytes)}: `;
  if (damaged.length === 0) return `${summary}all is well\n`;
  const rows = damaged.map(({ digest, repositories, action, message }) => [
    digest,
    repositories.join(', '),
    `${ACTIONS[action]}${message === null ? '' : `: ${message}`}`,
  ]);
  return `${summary}${damaged.length} damaged\n\n${table(COLUMNS, rows, terminal)}`;
}
