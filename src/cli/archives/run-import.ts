import type { LayerCompression } from '../../archive/compress-layers.ts';
import { type WantedName, withoutHost } from '../../archive/image-names.ts';
import { shortDigest, withReferrers } from '../image-words.ts';
import { type JsonOption, print } from '../print.ts';
import { printable } from '../printable.ts';
import { connect } from '../server-options.ts';
import type { Terminal } from '../terminal.ts';
import type { Imported } from './imported.ts';
import { pushArchive } from './push-archive.ts';
import { openRegistry, type RegistryOptions } from './registry-options.ts';
import { uploadArchive } from './upload-archive.ts';

export interface ImportOptions extends RegistryOptions, JsonOption {
  readonly to?: WantedName;
  readonly compress?: LayerCompression;
  readonly fullNames?: true;
}

/** `holdfast import`. */
export async function runImport(
  path: string,
  options: ImportOptions,
  terminal: Terminal,
): Promise<void> {
  const { fullNames = false, registry, to, compress } = options;
  const pushed =
    fullNames && registry === undefined
      ? await uploadArchive(path, await connect(options, terminal), terminal)
      : await pushArchive(
          path,
          { to, compress, names: fullNames ? 'full' : 'short' },
          await openRegistry(options, terminal),
          terminal,
        );
  print(pushed, options, terminal, report);
  const dropped = pushed.images.flatMap(({ names }) => names).filter(namesRegistry);
  if (fullNames || to !== undefined || dropped.length === 0) return;
  terminal.err(
    'images are called without the registry that they came from; --full-names keeps it\n',
  );
}

/** Docker Hub is what names without a registry mean anyway. */
function namesRegistry(name: string): boolean {
  return withoutHost(name) !== name && !name.startsWith('docker.io/');
}

function report({ registry, images, blobs }: Imported): string {
  const lines = images.map(({ names, pushed, digest, missing, referrers }) => {
    const from = names.length === 0 ? 'the image' : names.join(' ');
    const lacks = missing.length === 0 ? '' : `, without ${missing.join(', ')}, not in the archive`;
    const what = `${shortDigest(digest)}${withReferrers(referrers)}${lacks}`;
    return printable(`${from} → ${pushed.join(' ')}  ${what}`);
  });
  const there = blobs.held + blobs.mounted;
  return `${lines.join('\n')}\nin ${registry}: ${blobs.sent} blobs sent, ${there} there already\n`;
}
