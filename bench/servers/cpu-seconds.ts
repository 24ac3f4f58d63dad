import { readFile } from 'node:fs/promises';

/** What the kernel counts in (USER_HZ), the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process and its children, without those that have ended. proc(5), /proc/PID/stat. */
export async function cpuSeconds(pid: number): Promise<number> {
  const [stat, children] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'),
  ]);
  // The name of the program, in parentheses, may contain blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const own = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  const pids = children
    .trim()
    .split(' ')
    .filter((child) => child !== '')
    .map(Number);
  const ofChildren = await Promise.all(pids.map(cpuSeconds));
  return ofChildren.reduce((sum, seconds) => sum + seconds, own);
}
