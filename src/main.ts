#!/usr/bin/env node
/** The entry point: hands the command line over, and ends the process with the code that comes back. */
import { processTerminal } from './cli/process-terminal.ts';
import { run } from './cli/run.ts';

const code = await run(process.argv.slice(2), processTerminal());
process.exit(code);
