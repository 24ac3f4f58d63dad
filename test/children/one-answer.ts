/** Has one message answered by a thread, says the answer, and ends by itself: `one-answer.ts PROGRAM`. */
import { Worker } from 'node:worker_threads';
import { AnsweringThread } from '../../src/answering-thread.ts';

const [program = ''] = process.argv.slice(2);
const thread = new AnsweringThread('it', () => new Worker(program, { eval: true, execArgv: [] }));
console.log(await thread.ask(1));
