import type { Command } from 'commander';
import type { RunningApp } from '../app.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { formatListenAddress } from '../config/listen-address.ts';
import { loadConfig } from '../config/load-config.ts';
import { nearestKey } from '../config/nearest-key.ts';
import { createLogger, type Logger } from '../observe/log.ts';
import { banner } from './banner.ts';
import { mirrorTarget } from './clients/mirror-target.ts';
import { type ConfigOption, configOption } from './config-option.ts';
import { StopSignals } from './stop-signals.ts';
import { shadowWarnings } from './start-warnings.ts';
import type { Terminal } from './terminal.ts';
import { readVersion } from './version.ts';

export function addServe(program: Command, terminal: Terminal): void {
  program
    .command('serve', { isDefault: true })
    .summary('run the server (the default)')
    .description(
      'Runs the server until SIGTERM or SIGINT. Running requests may then finish within shutdownGrace; ' +
        'a second signal stops at once.',
    )
    .addOption(configOption())
    // The name of an unknown command ends up here, too.
    .allowExcessArguments()
    .action(async ({ config: file }: ConfigOption, command: Command) => {
      const [unknown] = command.args;
      if (unknown !== undefined) program.error(unknownCommand(unknown, program));
      await serve(file, terminal);
    });
}

function unknownCommand(name: string, program: Command): string {
  const meant = nearestKey(
    name,
    program.commands.map((command) => command.name()),
  );
  const hint = meant === undefined ? '' : `\n(Did you mean ${meant}?)`;
  return `error: unknown command '${name}'${hint}`;
}

/**
 * Resolves when the server has stopped in order.
 * @throws ConfigurationError, or an Error whose message tells why it could not start, or that a second signal cut it short
 */
async function serve(file: string | undefined, terminal: Terminal): Promise<void> {
  const loaded = loadConfig(file, terminal.environment);
  const { config } = loaded;
  const log = createLogger(config.log.level);
  const signals = new StopSignals();
  try {
    const app = await Promise.race([start(config, log), signals.second]);
    const version = readVersion();
    terminal.out(banner({ ...loaded, version, target: mirrorTarget(app.address) }));
    log.info({ ...app.address, version }, 'ready');
    terminal.out(
      shadowWarnings(await app.shadowed())
        .map((text) => `Warning: ${text}\n`)
        .join(''),
    );
    const signal = await signals.first;
    log.info({ signal, graceMs: config.shutdownGrace }, 'stopping');
    await Promise.race([app.close(config.shutdownGrace), signals.second]);
    log.info('stopped');
  } finally {
    signals.close();
  }
}

async function start(config: Config, log: Logger): Promise<RunningApp> {
  // Here and not above: the other commands need neither its weight nor its native parts.
  const { startApp } = await import('../app.ts');
  try {
    return await startApp(config, { log, clock: systemClock });
  } catch (error) {
    log.debug({ err: error }, 'could not start');
    throw new Error(startFailure(error, config), { cause: error });
  }
}

const LISTEN_FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'not permitted (ports below 1024 need a privilege)',
  ENOTFOUND: 'no such host',
};

/** What Node says of a failure to listen besides. */
interface Net {
  readonly port: number;
}

function startFailure(error: unknown, { listen }: Config): string {
  const { code, syscall, message, port } = error as Partial<NodeJS.ErrnoException & Net>;
  if (syscall === 'listen' || syscall === 'getaddrinfo') {
    const address = formatListenAddress(listen.host, port ?? listen.port);
    return `cannot listen on ${address}: ${LISTEN_FAILURES[code ?? ''] ?? message ?? 'unknown'} (${code ?? 'no code'})`;
  }
  return `cannot start: ${message ?? String(error)}`;
}
