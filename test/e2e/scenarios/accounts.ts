import { CommandError } from '../command.ts';
import { ACCOUNTS, HUB } from '../logins.ts';
import { pullExactly } from '../pull-exactly.ts';
import { contentOf, pullTargets } from '../pull-targets.ts';
import type { Stage } from '../stage.ts';
import { all, downloaded, type Expectation, neverSent } from '../traffic.ts';

/**
 * A server with accounts: who has none pulls through it, also with a login for Docker Hub at hand, which must never arrive; a
 * wrong password is refused; after the right one a push works, into a repository that others cannot even see.
 */
export async function accounts(stage: Stage): Promise<void> {
  const { bench, client, signal } = stage;
  const { holdfast } = bench;
  const { address } = holdfast;
  const { alice } = ACCOUNTS;
  const targets = pullTargets(client, stage.images, address);
  const hubStaysHome = neverSent(HUB);
  await client.rememberHubLogin(HUB);

  if (client.build) {
    const pulled = downloaded(contentOf(client, targets.index.image).blobs);
    await bench.trial('build without an account', all(pulled, hubStaysHome), async () => {
      await client.build?.(targets.index.name, signal);
    });
    await client.wipe(signal);
  }
  for (const { title, image, name } of targets.every) {
    const got = downloaded(contentOf(client, image).blobs);
    await bench.trial(`pull without an account, ${title}`, all(got, hubStaysHome), () =>
      pullExactly(client, name, image, signal),
    );
  }
  const { image, name } = targets.tag;
  const own = `${address}/team/app:pushed`;
  const push = (): Promise<string> => client.push(name, own, signal);
  await bench.trial('push without an account', hubStaysHome, () => refused(push));
  await bench.trial('wrong password', hubStaysHome, () =>
    refused(async () => {
      await client.signIn(address, { ...alice, password: 'wrong' }, signal);
      // Where signing in only notes the password, it is refused when it is used.
      await push();
    }),
  );
  let digest = '';
  await bench.trial('sign in, and push', hubStaysHome, async () => {
    await client.signIn(address, alice, signal);
    digest = await push();
  });
  await client.wipe(signal);
  await bench.trial('pull back', hubStaysHome, () =>
    pullExactly(client, own, image, signal, digest),
  );
  await bench.trial('pull of another’s repository without an account', hubStaysHome, async () => {
    const stranger = await stage.another();
    await refused(() => stranger.pull(own, signal));
  });
  await bench.trial('the log tells no secret', nothingMore, async () => {
    const log = await holdfast.log();
    for (const { password } of [HUB, alice]) {
      const encoded = Buffer.from(password).toString('base64').slice(0, -4);
      for (const secret of [password, encoded]) {
        if (log.includes(secret)) throw new Error(`the log holds ${secret}`);
      }
    }
  });
}

const nothingMore: Expectation = () => [];

const REFUSALS = /unauthorized|authorization failed|denied|401|403|invalid username/i;

/** It has to fail, and to say that it is about who asks. */
async function refused(attempt: () => Promise<unknown>): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (REFUSALS.test(error.message)) return;
    throw new Error(`it failed otherwise: ${error.message}`, { cause: error });
  }
  throw new Error('it was let in');
}
