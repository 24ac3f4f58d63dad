import { ApiRefusal } from './api-failure.ts';
import type { Terminal } from './terminal.ts';

/**
 * Does `work` for each item, in order. What the server refuses for one is told on stderr and the others are done all the
 * same; any other failure ends it, and so does the refusal of the only one.
 * @returns the answers of those that went well
 * @throws Error at the end, where `show` has been called with what there is, if any was refused
 */
export async function each<Answer>(
  items: readonly string[],
  terminal: Terminal,
  work: (item: string) => Promise<Answer>,
  show: (answers: readonly Answer[]) => void,
): Promise<void> {
  const answers: Answer[] = [];
  for (const item of items) {
    try {
      answers.push(await work(item));
    } catch (error) {
      if (!(error instanceof ApiRefusal) || items.length === 1) throw error;
      const reason = error.message.replace(` (${item})`, '');
      terminal.err(`holdfast: ${item}: ${reason}\n`);
    }
  }
  show(answers);
  const refused = items.length - answers.length;
  if (refused > 0) throw new Error(`${refused} of ${items.length} could not be done`);
}
