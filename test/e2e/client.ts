import type { Login } from './logins.ts';

/** What a client holds after a pull, in its own words. */
export interface Pulled {
  /** The digests that it knows the image by: of the index, of the manifest, or both. */
  readonly manifests: readonly string[];
  /** Of this machine's platform. */
  readonly config: string;
}

/** A real client with a storage of its own, set up to use one Holdfast as its mirror. */
export interface Client {
  /** Which platforms of an index it downloads. */
  readonly platforms: 'host' | 'all';
  /** Whether it can be told to pull from other origins than docker.io through a mirror. */
  readonly mirrorsAnyOrigin: boolean;
  /** Pulls `name` (a full one, with host, and tag or digest) and says what it got. */
  pull(name: string, signal: AbortSignal): Promise<Pulled>;
  /** Pushes what was pulled as `name` under the name `to`; the manifest's digest. */
  push(name: string, to: string, signal: AbortSignal): Promise<string>;
  /** Signs in at a registry (`host:port`). Throws where that refuses; a client that only notes the password does not. */
  signIn(registry: string, login: Login, signal: AbortSignal): Promise<void>;
  /** From now on the client has a login for Docker Hub, which is not there to be asked. */
  rememberHubLogin(login: Login): Promise<void>;
  /** Runs a container of the image that was pulled as `name`; what it printed. */
  run?(name: string, signal: AbortSignal): Promise<string>;
  /** Builds on top of `from`, which the builder pulls by itself. */
  build?(from: string, signal: AbortSignal): Promise<void>;
  /** Forgets everything, so that the next pull downloads again. */
  wipe(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface ClientKind {
  readonly name: string;
  version(signal: AbortSignal): Promise<string>;
  /** Starts it in `directory`, with Holdfast at `address` (`host:port`), and its mirror that asks nobody to sign in. */
  start(
    directory: string,
    address: string,
    signal: AbortSignal,
    mirrorAddress: string,
  ): Promise<Client>;
}
