import { HUB } from '../logins.ts';
import { pullExactly } from '../pull-exactly.ts';
import { pullTargets } from '../pull-targets.ts';
import type { Stage } from '../stage.ts';

/**
 * `registry-mirrors` names the registry itself instead of its mirror, and somebody is signed in to Docker Hub: Docker answers the
 * challenge with what it has for the Hub. That cannot be kept from happening here, but the pull works, and it goes no further.
 */
export async function hubLoginAtRoot(stage: Stage): Promise<void> {
  const { bench, client, signal } = stage;
  const { holdfast } = bench;
  await client.rememberHubLogin(HUB);
  const { every } = pullTargets(client, stage.images, holdfast.address);
  for (const { title, image, name } of every) {
    const expectation = () =>
      holdfast.upstreamSide.exchanges
        .filter(({ authorization }) => authorization !== undefined)
        .map(({ method, target }) => `upstream was sent credentials with ${method} ${target}`);
    await bench.trial(`pull with a login for the Hub, ${title}`, expectation, () =>
      pullExactly(client, name, image, signal),
    );
  }
  await bench.trial(
    'the log tells no secret',
    () => [],
    async () => {
      const log = await holdfast.log();
      for (const secret of [HUB.name, HUB.password]) {
        if (log.includes(secret)) throw new Error(`the log holds ${secret}`);
      }
    },
  );
}
