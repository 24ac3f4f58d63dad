import { errorsAnswer } from '../../api/common.ts';
import { importLine, type ImportLine } from '../../api/import.ts';
import { failedAnswer, parseJson } from '../server/error-answer.ts';
import { type Failure, MISUNDERSTOOD } from '../server/failure.ts';

/** Reads the NDJSON of an import as it grows. */
export class LineReader {
  readonly #onLine: (line: ImportLine) => void;
  #read = 0;
  #done = false;
  #failure: Failure | undefined;

  constructor(onLine: (line: ImportLine) => void) {
    this.#onLine = onLine;
  }

  /** @param text - everything that has come so far; only whole lines are looked at */
  read(text: string): void {
    const end = text.lastIndexOf('\n') + 1;
    const lines = text.slice(this.#read, end).split('\n');
    this.#read = end;
    for (const line of lines) {
      if (line !== '') this.#take(line);
    }
  }

  /** Why it is not done although the answer has ended; undefined where it is. */
  end(text: string): Failure | undefined {
    this.read(`${text}\n`);
    if (this.#failure || this.#done) return this.#failure;
    return { kind: 'refused', message: 'The server stopped before it was done.' };
  }

  #take(text: string): void {
    const json = parseJson(text);
    const { data: line } = importLine.safeParse(json);
    if (line) {
      if ('done' in line) this.#done = true;
      this.#onLine(line);
      return;
    }
    const failed = errorsAnswer.safeParse(json).success;
    this.#failure = failed ? failedAnswer(BAD_REQUEST, json) : MISUNDERSTOOD;
  }
}

/** The status is out before an archive is seen to be bad: the last line says so instead. */
const BAD_REQUEST = 400;
