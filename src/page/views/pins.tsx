import { pinsAnswer, type PinEntry } from '../../api/pins.ts';
import { formatPlural } from '../format.ts';
import { Answered } from '../parts/answered.tsx';
import { Card } from '../parts/card.tsx';
import { CloseIcon } from '../parts/icons.tsx';
import { apiPath, post, remove } from '../server/request.ts';
import { useAnswer } from '../server/use-answer.ts';
import { useStatus } from '../session.tsx';
import { useAction } from '../use-action.ts';

const EVERY_MS = 10_000;

/** What is never evicted, by image or by pattern. */
export function Pins({ onChange }: { readonly onChange: () => void }) {
  const { answer, reload } = useAnswer(pinsAnswer, apiPath('pins'), { everyMs: EVERY_MS });
  const changed = (): void => {
    reload();
    onChange();
  };
  const mayChange = useStatus()?.can.administer === true;
  return (
    <Card title="Pins">
      <Answered answer={answer}>
        {({ pins }) =>
          pins.length === 0 ? (
            <p class="empty">Nothing is pinned: what was not used for longest is evicted first.</p>
          ) : (
            <ul class="pins">
              {pins.map((pin) => (
                <Pin key={pin.pattern} pin={pin} mayChange={mayChange} onChange={changed} />
              ))}
            </ul>
          )
        }
      </Answered>
      {mayChange && <AddPin onChange={changed} />}
    </Card>
  );
}

interface PinProps {
  readonly pin: PinEntry;
  readonly mayChange: boolean;
  readonly onChange: () => void;
}

function Pin({ pin, mayChange, onChange }: PinProps) {
  const { pattern, images, more, configured } = pin;
  const { busy, run } = useAction();
  const unpin = async (): Promise<string> => {
    await remove(pinsAnswer, apiPath('pins', { pattern }));
    onChange();
    return `${pattern} is no longer pinned.`;
  };
  return (
    <li class="line">
      <code class="path">{pattern}</code>
      <span class="quiet nowrap">
        {formatPlural(images, 'image')}
        {more && ' or more'}
      </span>
      {configured && (
        <span class="quiet nowrap" title="Pinned for as long as it stands there">
          configuration
        </span>
      )}
      {mayChange && !configured && (
        <button
          type="button"
          class="icon-button"
          aria-label={`Unpin ${pattern}`}
          title="Unpin"
          disabled={busy}
          onClick={() => run(unpin)}
        >
          <CloseIcon />
        </button>
      )}
    </li>
  );
}

function AddPin({ onChange }: { readonly onChange: () => void }) {
  const { busy, run } = useAction();
  const onSubmit = (form: HTMLFormElement): void => {
    const pattern = new FormData(form).get('pattern');
    if (typeof pattern !== 'string') return;
    run(async () => {
      await post(pinsAnswer, apiPath('pins'), { pattern: pattern.trim() });
      form.reset();
      onChange();
      return `${pattern.trim()} is pinned.`;
    });
  };
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(event.currentTarget);
      }}
    >
      <input
        name="pattern"
        aria-label="Image or pattern to pin"
        placeholder="docker.io/library/*:3.*"
        required
        spellcheck={false}
        autocomplete="off"
      />
      <button type="submit" class="button" disabled={busy}>
        Pin
      </button>
    </form>
  );
}
