import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, succeeds } from './command.ts';
import { Daemon } from './daemon.ts';
import { removeTree } from './mounts.ts';

/** What one engine has that another has not. */
export interface EngineProgram {
  readonly name: string;
  readonly environment: Environment;
  /** The text of its configuration, and the option that takes the file. */
  readonly config: string;
  readonly configOption: string;
  /** A command that ends well once it answers. */
  probe(): Promise<string>;
}

/** A container engine that listens on a socket, and keeps what it has, in a folder of its own. */
export class Engine {
  /** Where it keeps everything; gone when it is closed. */
  readonly home: string;
  readonly socket: string;
  readonly #directory: string;
  #daemon: Daemon | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    this.home = join(directory, 'home');
    this.socket = join(this.home, 'socket');
  }

  /** Resolves when it answers; rejects, with nothing left of it, where it does not. */
  async start(program: EngineProgram, signal: AbortSignal): Promise<void> {
    const { name, environment, config, configOption } = program;
    await mkdir(this.home, { recursive: true });
    const file = join(this.#directory, 'config');
    await writeFile(file, config);
    const command = [name, configOption, file] as const;
    try {
      this.#daemon = await Daemon.start(name, command, environment, join(this.#directory, 'log'));
      await this.#daemon.ready(() => succeeds(program.probe()), signal);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Ends it and forgets all that it kept. */
  async close(): Promise<void> {
    await this.#daemon?.stop();
    await removeTree(this.home);
  }
}
