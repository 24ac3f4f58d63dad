import { Option } from 'commander';

/** Every command that reads the configuration has it. */
export interface ConfigOption {
  readonly config?: string;
}

export function configOption(): Option {
  return new Option(
    '-c, --config <file>',
    'configuration file (default: $HOLDFAST_CONFIG, ./config.json, built-in defaults)',
  );
}
