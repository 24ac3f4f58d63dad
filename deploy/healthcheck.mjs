/** Ends with 0 if the server of this container is ready. It is asked by http, or by https where it speaks that. */
const port = (process.env['HOLDFAST_LISTEN'] || ':5000').split(':').at(-1);
// It is itself that is asked; whose name stands in its certificate is the clients' business.
process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
process.removeAllListeners('warning');

const answers = await Promise.allSettled(
  ['http', 'https'].map((scheme) => fetch(`${scheme}://127.0.0.1:${port}/readyz`)),
);
process.exitCode = answers.some(({ value }) => value?.ok) ? 0 : 1;
