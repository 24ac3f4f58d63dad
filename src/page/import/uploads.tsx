import { formatBytes, formatPlural } from '../format.ts';
import { CloseIcon } from '../parts/icons.tsx';
import { Progress } from '../parts/meter.tsx';
import { hrefOf } from '../route.ts';
import { dropUpload, retryUpload, type Upload, useUploads } from './upload-list.ts';

/** Stands in a corner while archives are sent, and says what became of them. */
export function Uploads() {
  const uploads = useUploads();
  if (uploads.length === 0) return null;
  return (
    <section class="uploads" aria-label="Imports">
      <ul>
        {uploads.map((upload) => (
          <Entry key={upload.id} upload={upload} />
        ))}
      </ul>
    </section>
  );
}

function Entry({ upload }: { readonly upload: Upload }) {
  const { id, file, progress } = upload;
  const { name } = file;
  const over = progress.state === 'done' || progress.state === 'failed';
  const action = over ? 'Close' : 'Stop';
  return (
    <li>
      <div class="line">
        <b class="path">{name}</b>
        <button
          type="button"
          class="icon-button"
          aria-label={`${action} ${name}`}
          title={action}
          onClick={() => dropUpload(id)}
        >
          <CloseIcon />
        </button>
      </div>
      <State upload={upload} />
    </li>
  );
}

function State({ upload }: { readonly upload: Upload }) {
  const { file, progress } = upload;
  const { name, size } = file;
  switch (progress.state) {
    case 'waiting':
      return <p class="quiet">Waiting for the one before it.</p>;
    case 'sending':
      return (
        <>
          <Progress value={progress.sent} of={size} label={`Sending ${name}`} />
          <p class="quiet number">
            {formatBytes(progress.sent)} of {formatBytes(size)} sent
          </p>
        </>
      );
    case 'storing':
      return (
        <>
          <Progress value={0} of={null} label={`Storing ${name}`} />
          <p class="quiet">
            Sent; being checked and stored
            {progress.blobs > 0 && `, ${formatPlural(progress.blobs, 'blob')} so far`}
          </p>
        </>
      );
    case 'done':
      return (
        <div role="status">
          {progress.images.map(({ digest, pushed, missing, referrers }) => (
            <p key={digest}>
              {pushed.map((image) => (
                <a key={image} class="chip" href={hrefOf({ view: 'image', image })}>
                  {image}
                </a>
              ))}
              {referrers > 0 && (
                <span class="quiet"> with {formatPlural(referrers, 'referrer')}</span>
              )}
              {missing.length > 0 && <span class="quiet"> without {missing.join(', ')}</span>}
            </p>
          ))}
          {progress.images.length === 0 && <p>There was no image in it.</p>}
        </div>
      );
    case 'failed':
      return (
        <>
          <p class="failure" role="alert">
            {progress.message}
          </p>
          <Retry upload={upload} />
        </>
      );
  }
}

/** Also under another name: an archive may have none, or one that is not free. */
function Retry({ upload }: { readonly upload: Upload }) {
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        const to = new FormData(event.currentTarget).get('to');
        retryUpload(upload, typeof to === 'string' && to !== '' ? to.trim() : undefined);
      }}
    >
      <input
        name="to"
        aria-label={`Import ${upload.file.name} as`}
        placeholder="as team/app:1"
        spellcheck={false}
        autocomplete="off"
      />
      <button type="submit" class="button">
        Try again
      </button>
    </form>
  );
}
