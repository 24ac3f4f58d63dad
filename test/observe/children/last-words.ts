/** Says something, and ends in the same turn of the event loop: `last-words.ts exit|crash`. */
import { createLogger } from '../../../src/observe/log.ts';

createLogger('info').info('last words');
if (process.argv[2] === 'exit') process.exit(3);
throw new Error('crashed');
