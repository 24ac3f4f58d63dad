import { errorsAnswer } from '../../api/common.ts';
import type { Failure } from './failure.ts';

/** What an answer says that is not a success: the message of the server's own error body where it has one. */
export function failedAnswer(status: number, body: unknown): Failure {
  const { data } = errorsAnswer.safeParse(body);
  const message = data?.errors[0]?.message ?? `The server answered ${status}.`;
  switch (status) {
    case 401:
      return { kind: 'signed-out', message };
    case 403:
      return { kind: 'denied', message };
    case 404:
      return { kind: 'not-found', message };
    default:
      return { kind: 'refused', message };
  }
}

/** JSON, or undefined where the text is none: proxies answer with pages of their own. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
