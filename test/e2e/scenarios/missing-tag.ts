import { CommandError } from '../command.ts';
import type { Stage } from '../stage.ts';
import { type Expectation, upstreamUntouched } from '../traffic.ts';

const askedOnce: Expectation = ({ upstreamSide }) =>
  upstreamSide.length === 1 ? [] : [`upstream was sent ${upstreamSide.length} requests, not one`];

/** What the upstream does not have is refused with the spec's code, remembered, and refused at once when it is gone. */
export async function missingTag({ bench, client, images, signal }: Stage): Promise<void> {
  const refused = async (repository: string, word: RegExp): Promise<void> => {
    try {
      await client.pull(`docker.io/${repository}:missing`, signal);
    } catch (error) {
      if (error instanceof CommandError && word.test(error.message)) return;
      throw error;
    }
    throw new Error('the client pulled a tag that is not there');
  };
  const { app, multi } = images;
  await bench.trial('pull a missing tag', askedOnce, () =>
    refused(app.repository, /manifest unknown/),
  );
  await bench.trial('pull a missing tag again', upstreamUntouched, () =>
    refused(app.repository, /manifest unknown/),
  );
  await bench.holdfast.upstreamSide.stop();
  await bench.trial('pull what is not held, offline', upstreamUntouched, () =>
    refused(multi.repository, /50[24]|bad gateway|gateway timeout/i),
  );
}
