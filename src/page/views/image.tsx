import { imageAnswer, type ImageAnswer } from '../../api/image.ts';
import { formatTime } from '../format.ts';
import { imageByDigest, repositoryOf, taggedImage } from '../image-name.ts';
import { Age } from '../parts/age.tsx';
import { Answered } from '../parts/answered.tsx';
import { Card } from '../parts/card.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Crumbs } from '../parts/crumbs.tsx';
import { Pinned } from '../parts/pinned.tsx';
import { hrefOf } from '../route.ts';
import { apiPath } from '../server/request.ts';
import { useAnswer } from '../server/use-answer.ts';
import { useRevision } from '../session.tsx';
import { ImageActions } from './image-actions.tsx';
import { Platforms } from './platforms.tsx';
import { Referrers } from './referrers.tsx';

const EVERY_MS = 10_000;

/** Everything about one image. */
export function Image({ image }: { readonly image: string }) {
  const { answer, reload } = useAnswer(imageAnswer, apiPath('image', { image }), {
    everyMs: EVERY_MS,
    revision: useRevision(),
  });
  return (
    <>
      <Crumbs repository={repositoryOf(image)} />
      <div class="title">
        <h1 tabIndex={-1} class="name">
          {image}
        </h1>
        {answer.state === 'here' && <ImageActions held={answer.value} onChange={reload} />}
      </div>
      <Answered answer={answer} lines={8}>
        {(held) => (
          <div class="cards">
            <Facts held={held} />
            <Pull held={held} />
            <Platforms held={held} />
            {held.referrers.length > 0 && <Referrers held={held} />}
            {Object.keys(held.annotations).length > 0 && <Annotations held={held} />}
          </div>
        )}
      </Answered>
    </>
  );
}

function Facts({ held }: { readonly held: ImageAnswer }) {
  const { name, digest, kind, mediaType, artifactType, tags, pinned, pinnedBy } = held;
  const { cachedAt, checkedAt, staleAt, usedAt } = held;
  return (
    <Card title="Image" aside={pinned && <Pinned />}>
      <dl class="facts">
        <dt>Digest</dt>
        <dd class="with-button">
          <code class="digest">{digest}</code>
          <CopyButton text={digest} label="Copy digest" />
        </dd>
        <dt>Tags</dt>
        <dd>
          {tags.length === 0 && <span class="quiet">none</span>}
          {tags.map((tag) => (
            <a
              key={tag}
              class="chip"
              href={hrefOf({ view: 'image', image: taggedImage(name, tag) })}
            >
              {tag}
            </a>
          ))}
        </dd>
        <dt>{kind === 'hosted' ? 'Pushed' : 'Here since'}</dt>
        <dd>
          <Age time={cachedAt} />
        </dd>
        <dt>Last used</dt>
        <dd>
          <Age time={usedAt} />
        </dd>
        {kind === 'mirrored' && checkedAt !== null && (
          <>
            <dt>Confirmed</dt>
            <dd>
              <Age time={checkedAt} />
              {staleAt !== null && <Freshness staleAt={staleAt} />}
            </dd>
          </>
        )}
        {pinnedBy.length > 0 && (
          <>
            <dt>Pinned by</dt>
            <dd>
              {pinnedBy.map(({ pattern, configured }) => (
                <span key={pattern}>
                  <code class="chip">{pattern}</code>
                  {configured && <span class="quiet"> configuration</span>}
                </span>
              ))}
            </dd>
          </>
        )}
        <dt>Type</dt>
        <dd>
          <code class="path">{artifactType ?? mediaType}</code>
        </dd>
      </dl>
    </Card>
  );
}

function Freshness({ staleAt }: { readonly staleAt: number }) {
  const fresh = staleAt > Date.now();
  return (
    <span class="quiet" title={formatTime(staleAt)}>
      {fresh ? ', upstream is asked again ' : ', upstream is asked at the next pull'}
      {fresh && <Age time={staleAt} />}
    </span>
  );
}

function Pull({ held }: { readonly held: ImageAnswer }) {
  const { name, tag, digest } = held;
  const image = tag === null ? imageByDigest(name, digest) : taggedImage(name, tag);
  const pull = `docker pull ${location.host}/${image}`;
  return (
    <Card title="Pull by name">
      <div class="snippet">
        <pre>
          <code>{pull}</code>
        </pre>
        <CopyButton text={pull} label="Copy command" />
      </div>
      <p class="quiet">
        podman, skopeo, crane and others take the same name. Clients that use this server as their
        mirror pull it by its own name.
      </p>
    </Card>
  );
}

function Annotations({ held }: { readonly held: ImageAnswer }) {
  return (
    <Card title="Annotations" wide>
      <dl class="facts long">
        {Object.entries(held.annotations).map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
