import { useEffect, useState } from 'preact/hooks';
import { CheckIcon, CopyIcon } from './icons.tsx';
import { tellFailure } from './notices.tsx';

const SAID_MS = 2_000;

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for those who do not see the icon. */
  readonly label: string;
  /** The label is shown as well. */
  readonly wide?: boolean;
}

export function CopyButton({ text, label, wide = false }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const onClick = (): void => {
    void copy(text).then((done) => {
      if (done) setCopied(true);
      else tellFailure('The browser does not let this page copy; select the text instead.');
    });
  };
  return (
    <button
      type="button"
      class={wide ? 'button small' : 'icon-button'}
      onClick={onClick}
      aria-label={wide ? undefined : label}
      title={wide ? undefined : label}
    >
      {copied ? <CheckIcon /> : <CopyIcon />}
      {wide && <span>{copied ? 'Copied' : label}</span>}
      <span class="unseen" role="status">
        {copied && 'Copied'}
      </span>
    </button>
  );
}

/** Answers whether it worked. The clipboard is for secure origins only; the older way works over plain http too. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'unseen';
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
