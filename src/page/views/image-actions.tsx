import { useState } from 'preact/hooks';
import { deleteImageAnswer, refreshAnswer, type ImageAnswer } from '../../api/image.ts';
import { pinsAnswer } from '../../api/pins.ts';
import { imageByDigest, shortDigest, taggedImage } from '../image-name.ts';
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import { DeleteIcon, PinIcon, RefreshIcon } from '../parts/icons.tsx';
import { goTo } from '../route.ts';
import { apiPath, post, remove } from '../server/request.ts';
import { useSession, useStatus } from '../session.tsx';
import { useAction } from '../use-action.ts';

interface ImageActionsProps {
  readonly held: ImageAnswer;
  readonly onChange: () => void;
}

/** What may be done with an image, for those who may. */
export function ImageActions({ held, onChange }: ImageActionsProps) {
  const { busy, run } = useAction();
  const { reload } = useSession();
  const [asking, setAsking] = useState(false);
  const status = useStatus();
  if (status?.can.administer !== true) return null;

  const { name, tag, digest, kind, pinnedBy } = held;
  const image = tag === null ? imageByDigest(name, digest) : taggedImage(name, tag);
  const pinned = pinnedBy.find(({ pattern }) => pattern === image);
  const own = pinned !== undefined;

  const pin = async (): Promise<string> => {
    if (own) await remove(pinsAnswer, apiPath('pins', { pattern: image }));
    else await post(pinsAnswer, apiPath('pins'), { pattern: image });
    onChange();
    return own ? `${image} may be evicted again.` : `${image} is pinned.`;
  };

  const refresh = async (): Promise<string> => {
    const { changed, after } = await post(refreshAnswer, apiPath('refresh'), { image });
    onChange();
    return changed ? `${image} is now ${shortDigest(after)}.` : `${image} is up to date.`;
  };

  const erase = async (): Promise<string> => {
    const { deleted } = await remove(deleteImageAnswer, apiPath('image', { image }));
    reload();
    goTo({ view: 'repository', repository: name });
    return `Deleted ${deleted.join(', ')}.`;
  };

  return (
    <div class="buttons">
      <button
        type="button"
        class="button"
        aria-pressed={own}
        disabled={busy || pinned?.configured === true}
        title={pinned?.configured === true ? 'Pinned by the configuration' : undefined}
        onClick={() => run(pin)}
      >
        <PinIcon />
        {own ? 'Unpin' : 'Pin'}
      </button>
      {kind === 'mirrored' && tag !== null && (
        <button
          type="button"
          class="button"
          disabled={busy || status.offline}
          onClick={() => run(refresh)}
        >
          <RefreshIcon />
          Refresh
        </button>
      )}
      <button type="button" class="button" disabled={busy} onClick={() => setAsking(true)}>
        <DeleteIcon />
        Delete
      </button>
      {asking && (
        <ConfirmDialog
          title={`Delete ${image}?`}
          action="Delete"
          onConfirm={() => run(erase)}
          onClose={() => setAsking(false)}
        >
          <p>{consequence(held)}</p>
        </ConfirmDialog>
      )}
    </div>
  );
}

function consequence({ kind, tag, tags }: ImageAnswer): string {
  const what = tag === null ? withTags(tags) : 'The tag goes.';
  return kind === 'mirrored'
    ? `${what} Only the copy here is dropped: the next pull fetches it again.`
    : `${what} This cannot be undone. Room is made when content that nothing names is collected.`;
}

function withTags(tags: readonly string[]): string {
  return tags.length === 0
    ? 'The image goes.'
    : `The image goes, and with it ${tags.length === 1 ? 'the tag' : 'the tags'} ${tags.join(', ')}.`;
}
