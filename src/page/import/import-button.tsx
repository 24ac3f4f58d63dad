import { useRef } from 'preact/hooks';
import { UploadIcon } from '../parts/icons.tsx';
import { useStatus } from '../session.tsx';
import { addUploads, nameForm } from './upload-list.ts';

/** Archives, also compressed ones; the server looks at the bytes, not at the name. */
const ACCEPT = '.tar,.tgz,.gz,.zst,.tar.gz,.tar.zst';

/** Chooses archives by hand, for those who do not drag. */
export function ImportButton() {
  const input = useRef<HTMLInputElement>(null);
  const can = useStatus()?.can;
  if (can?.push !== true) return null;
  return (
    <div class="buttons">
      {can.administer && <FullNames />}
      <button type="button" class="button" onClick={() => input.current?.click()}>
        <UploadIcon />
        Import archive
      </button>
      <input
        ref={input}
        type="file"
        class="unseen"
        tabIndex={-1}
        aria-label="Archives to import"
        accept={ACCEPT}
        multiple
        onChange={({ currentTarget }) => {
          addUploads([...(currentTarget.files ?? [])]);
          // The same file may be chosen again.
          currentTarget.value = '';
        }}
      />
    </div>
  );
}

/** Whether images keep their registries. */
function FullNames() {
  const form = nameForm.use();
  return (
    <label class="check" title="As if pulled: ghcr.io/org/app stays ghcr.io/org/app, not org/app">
      <input
        type="checkbox"
        checked={form === 'full'}
        onChange={({ currentTarget: { checked } }) =>
          nameForm.change(() => (checked ? 'full' : 'short'))
        }
      />
      Names in full
    </label>
  );
}
