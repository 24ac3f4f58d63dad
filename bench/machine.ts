import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** One line about where the figures come from; the load tells whether the machine had something else to do. */
export function describeMachine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const load = loadavg()[0]?.toFixed(1) ?? '?';
  return (
    `${cpus().length} × ${first?.model.trim() ?? 'unknown CPU'}, ${memory} GiB, ${type()} ${release()}, ` +
    `Node ${process.version}; load average at the start ${load}`
  );
}
