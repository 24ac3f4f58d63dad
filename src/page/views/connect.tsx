import { useState } from 'preact/hooks';
import { upstreamsAnswer, type UpstreamEntry } from '../../api/activity.ts';
import { buildkitRecipe } from '../../cli/clients/buildkit.ts';
import { containerdRecipe } from '../../cli/clients/containerd.ts';
import { dockerRecipe } from '../../cli/clients/docker.ts';
import { k3sRecipe } from '../../cli/clients/k3s.ts';
import { mirroredRegistries } from '../../cli/clients/mirrored-registry.ts';
import { podmanRecipe } from '../../cli/clients/podman.ts';
import type { MirrorTarget } from '../../cli/clients/recipe.ts';
import { Answered } from '../parts/answered.tsx';
import { Card } from '../parts/card.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Segments } from '../parts/segments.tsx';
import { apiPath } from '../server/request.ts';
import { useAnswer } from '../server/use-answer.ts';
import { useStatus } from '../session.tsx';

/** The recipes that `holdfast client-config` prints. */
const RECIPES = {
  docker: dockerRecipe,
  containerd: containerdRecipe,
  podman: podmanRecipe,
  buildkit: buildkitRecipe,
  k3s: k3sRecipe,
};

type Client = keyof typeof RECIPES;

const CLIENTS: readonly { readonly value: Client; readonly text: string }[] = [
  { value: 'docker', text: 'Docker' },
  { value: 'containerd', text: 'containerd' },
  { value: 'podman', text: 'podman, CRI-O' },
  { value: 'buildkit', text: 'BuildKit' },
  { value: 'k3s', text: 'k3s, RKE2' },
];

/** How clients are told to pull through this server. */
export function Connect() {
  const { answer } = useAnswer(upstreamsAnswer, apiPath('upstreams'));
  return (
    <>
      <h1 tabIndex={-1}>Point your clients here</h1>
      <div class="cards">
        <Answered answer={answer} lines={10}>
          {({ upstreams }) => upstreams.length > 0 && <Mirror upstreams={upstreams} />}
        </Answered>
        <Push />
      </div>
    </>
  );
}

function Mirror({ upstreams }: { readonly upstreams: readonly UpstreamEntry[] }) {
  const [client, setClient] = useState<Client>('docker');
  const registries = mirroredRegistries(
    Object.fromEntries(upstreams.map((upstream) => [upstream.name, upstream])),
  );
  const { text, notes } = RECIPES[client](here(), registries, useStatus()?.accounts === true);
  return (
    <Card title="As a mirror" wide>
      <Segments label="Client" options={CLIENTS} value={client} onChange={setClient} />
      <Notes notes={notes} />
      <div class="snippet block">
        <pre tabIndex={0}>
          <code>{text.trimEnd()}</code>
        </pre>
        <CopyButton text={text} label="Copy" wide />
      </div>
    </Card>
  );
}

/** Lines that begin with spaces are commands or settings. */
function Notes({ notes }: { readonly notes: readonly string[] }) {
  return (
    <ul class="notes">
      {notes.map((note) => (
        <li key={note}>{note.startsWith(' ') ? <code>{note.trim()}</code> : note}</li>
      ))}
    </ul>
  );
}

function Push() {
  const { host } = location;
  const commands = [`docker tag app:1 ${host}/team/app:1`, `docker push ${host}/team/app:1`].join(
    '\n',
  );
  return (
    <Card title="As a registry" wide>
      <p>
        Names that do not begin with a mirrored registry are hosted here. podman and buildah need{' '}
        <code>--tls-verify=false</code> where this address has no certificate.
      </p>
      <div class="snippet block">
        <pre tabIndex={0}>
          <code>{commands}</code>
        </pre>
        <CopyButton text={commands} label="Copy" wide />
      </div>
    </Card>
  );
}

/** This server, by the address by which the visitor has reached it: others will too. */
function here(): MirrorTarget {
  const { origin, host, hostname, protocol } = location;
  return {
    url: origin,
    host,
    insecure: protocol === 'http:',
    loopback: /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname),
  };
}
