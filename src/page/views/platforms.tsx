import type { ImageAnswer, ImageBlob, ImagePlatform } from '../../api/image.ts';
import { formatBytes, formatPlural } from '../format.ts';
import { imageByDigest, platformName, shortDigest } from '../image-name.ts';
import { Card } from '../parts/card.tsx';
import { hrefOf } from '../route.ts';

/** The images of an index, or the one image: configuration and layers of each. */
export function Platforms({ held }: { readonly held: ImageAnswer }) {
  const { platforms, name } = held;
  const here = platforms.filter((platform) => platform.held).length;
  const aside =
    platforms.length > 1 ? (
      <span class="quiet">
        {here} of {platforms.length} held
      </span>
    ) : null;
  return (
    <Card title={platforms.length > 1 ? 'Platforms' : 'Layers'} aside={aside} wide>
      {platforms.map((platform, index) => (
        <Platform
          key={platform.digest}
          platform={platform}
          repository={name}
          open={index === 0 || platforms.length === 1}
        />
      ))}
    </Card>
  );
}

interface PlatformProps {
  readonly platform: ImagePlatform;
  readonly repository: string;
  readonly open: boolean;
}

function Platform({ platform, repository, open }: PlatformProps) {
  const { digest, size, layers, config, held, attests } = platform;
  const title = attests === undefined ? platformName(platform) : `attests ${shortDigest(attests)}`;
  const image = imageByDigest(repository, digest);
  if (!held) {
    return (
      <div class="platform">
        <span class="platform-name">{title}</span>
        <code class="quiet" title={digest}>
          {shortDigest(digest)}
        </code>
        <span class="state">not held</span>
      </div>
    );
  }
  return (
    <details class="platform" open={open}>
      <summary>
        <span class="platform-name">{title}</span>
        <code class="quiet" title={digest}>
          {shortDigest(digest)}
        </code>
        <span class="number">
          {formatBytes(size)} <span class="quiet">in {formatPlural(layers.length, 'layer')}</span>
        </span>
      </summary>
      <Layers platform={platform} />
      <dl class="facts">
        <dt>Manifest</dt>
        <dd>
          <a href={hrefOf({ view: 'image', image })}>
            <code class="digest">{digest}</code>
          </a>
        </dd>
        {config && (
          <>
            <dt>Configuration</dt>
            <dd>
              <code class="digest">{config.digest}</code>
            </dd>
          </>
        )}
        {platform.created !== undefined && (
          <>
            <dt>Built</dt>
            <dd>{platform.created.slice(0, 10)}</dd>
          </>
        )}
        {Object.entries(platform.labels ?? {}).map(([key, value]) => (
          <Label key={key} name={key} value={value} />
        ))}
      </dl>
    </details>
  );
}

function Label({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt class="path">{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

function Layers({ platform }: { readonly platform: ImagePlatform }) {
  const { layers } = platform;
  const largest = Math.max(1, ...layers.map(({ size }) => size));
  return (
    <table class="layers">
      <caption class="unseen">Layers, lowest first</caption>
      <thead class="unseen">
        <tr>
          <th scope="col">Layer</th>
          <th scope="col">Size</th>
          <th scope="col">Share</th>
          <th scope="col">Kind</th>
        </tr>
      </thead>
      <tbody>
        {layers.map(({ digest, size, mediaType, held }, index) => (
          <tr key={`${index} ${digest}`}>
            <td>
              <code title={digest}>{shortDigest(digest)}</code>
            </td>
            <td class="number">{formatBytes(size)}</td>
            <td class="share" aria-hidden="true">
              <span style={{ width: `${(size / largest) * 100}%` }} />
            </td>
            <td class="quiet">
              {held ? layerKind(mediaType) : <Absent blob={{ digest, size, held }} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Absent({ blob }: { readonly blob: ImageBlob }) {
  return (
    <span class="state" title={`${blob.digest} is fetched when it is asked for`}>
      not held
    </span>
  );
}

/** `application/vnd.oci.image.layer.v1.tar+gzip` → `tar+gzip`; other media types as they are. */
function layerKind(mediaType: string): string {
  return /\.(tar(?:[.+]\w+)?)$/.exec(mediaType)?.[1]?.replace('.', '+') ?? mediaType;
}
