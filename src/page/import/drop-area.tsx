import { useEffect, useState } from 'preact/hooks';
import { UploadIcon } from '../parts/icons.tsx';
import { tellFailure } from '../parts/notices.tsx';
import { useStatus } from '../session.tsx';
import { addUploads } from './upload-list.ts';

/** Takes archives that are dropped anywhere on the page. */
export function DropArea() {
  const mayPush = useStatus()?.can.push === true;
  const [over, setOver] = useState(false);

  useEffect(() => {
    // Entering a child is told before leaving its parent: only when all that was entered is left, the file is gone.
    let entered = 0;
    const enter = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      entered += 1;
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      entered -= 1;
      if (entered <= 0) setOver(false);
    };
    const hover = (event: DragEvent): void => {
      // Or the browser would open the file in the place of this page.
      if (hasFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      entered = 0;
      setOver(false);
      if (mayPush) addUploads([...(event.dataTransfer?.files ?? [])]);
      else tellFailure('You may not push here, so you cannot import either.');
    };
    addEventListener('dragenter', enter);
    addEventListener('dragleave', leave);
    addEventListener('dragover', hover);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragenter', enter);
      removeEventListener('dragleave', leave);
      removeEventListener('dragover', hover);
      removeEventListener('drop', drop);
    };
  }, [mayPush]);

  if (!over) return null;
  return (
    <div class="drop-area">
      <p>
        <UploadIcon />
        {mayPush ? 'Drop a docker save or OCI archive to import it' : 'You may not push here'}
      </p>
    </div>
  );
}

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') === true;
}
