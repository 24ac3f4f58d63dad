import type { Command } from 'commander';
import { effectiveConfig } from '../config/effective-config.ts';
import { loadConfig } from '../config/load-config.ts';
import { type ConfigOption, configOption } from './config-option.ts';
import { startWarnings } from './start-warnings.ts';
import type { Terminal } from './terminal.ts';

export function addCheckConfig(program: Command, terminal: Terminal): void {
  program
    .command('check-config')
    .summary('check the configuration and print what is in effect')
    .description(
      'Checks the configuration, environment included, and prints the one in effect as JSON, secrets hidden. ' +
        'Every problem is one line on stderr that names the key.',
    )
    .addOption(configOption())
    .action(({ config: file }: ConfigOption) => {
      const { config } = loadConfig(file, terminal.environment);
      terminal.out(`${JSON.stringify(effectiveConfig(config), undefined, 2)}\n`);
      for (const warning of startWarnings(config)) terminal.err(`Warning: ${warning}\n`);
    });
}
