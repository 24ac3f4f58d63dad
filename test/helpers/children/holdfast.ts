/** A Holdfast that tells its parent where it listens: `holdfast.ts OPTIONS`, which are JSON. */
import { Holdfast, type HoldfastOptions } from '../holdfast.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as HoldfastOptions;
const { url } = await Holdfast.start(options);
process.send?.(url);
