#!/usr/bin/env node
/** The entry point: hands the command line over, and ends the process with the code that comes back. */
import { run } from './cli/run.ts';

const code = await run(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  environment: process.env,
});
process.exit(code);
