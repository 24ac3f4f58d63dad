/** Short messages about what somebody has just done. They are read out, and those that tell of a failure stay. */
import { Shared } from '../shared.ts';
import { CloseIcon } from './icons.tsx';

interface Notice {
  readonly id: number;
  readonly tone: 'good' | 'bad';
  readonly text: string;
}

const SHOWN_MS = 6_000;

const notices = new Shared<readonly Notice[]>([]);
let lastId = 0;

function add(tone: Notice['tone'], text: string): number {
  lastId += 1;
  const notice = { id: lastId, tone, text };
  notices.change((before) => [...before, notice]);
  return notice.id;
}

function drop(id: number): void {
  notices.change((before) => before.filter((notice) => notice.id !== id));
}

export function tell(text: string): void {
  const id = add('good', text);
  setTimeout(() => drop(id), SHOWN_MS);
}

export function tellFailure(text: string): void {
  add('bad', text);
}

export function Notices() {
  const shown = notices.use();
  return (
    <div class="notices" role="status">
      {shown.map(({ id, tone, text }) => (
        <p key={id} class={`notice ${tone}`}>
          <span>{text}</span>
          <button
            type="button"
            class="icon-button"
            aria-label="Close message"
            onClick={() => drop(id)}
          >
            <CloseIcon />
          </button>
        </p>
      ))}
    </div>
  );
}
