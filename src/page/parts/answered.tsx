import type { ComponentChildren } from 'preact';
import type { Failure } from '../server/failure.ts';
import type { Answer } from '../server/use-answer.ts';

interface AnsweredProps<T> {
  readonly answer: Answer<T>;
  readonly children: (value: T) => ComponentChildren;
  /** Lines of room to keep while nothing is there, so that nothing jumps. */
  readonly lines?: number;
}

/** What an answer says, or that it is awaited, or why there is none. */
export function Answered<T>({ answer, children, lines = 3 }: AnsweredProps<T>) {
  switch (answer.state) {
    case 'waiting':
      return <Waiting lines={lines} />;
    case 'failed':
      return <FailureText failure={answer.failure} />;
    case 'here':
      return <>{children(answer.value)}</>;
  }
}

export function Waiting({ lines }: { readonly lines: number }) {
  return (
    <div class="waiting" aria-busy="true">
      <span class="unseen">Loading</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} class="bone" />
      ))}
    </div>
  );
}

export function FailureText({ failure }: { readonly failure: Failure }) {
  return (
    <p class="failure" role="alert">
      {failureText(failure)}
    </p>
  );
}

export function failureText(failure: Failure): string {
  const { kind, message } = failure;
  switch (kind) {
    case 'signed-out':
      return `${sentence(message)} Sign in to see this.`;
    case 'denied':
      return `Not allowed: ${sentence(message)}`;
    case 'not-found':
      return `Not here: ${sentence(message)}`;
    case 'unreachable':
    case 'refused':
    case 'misunderstood':
      return sentence(message);
  }
}

function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
