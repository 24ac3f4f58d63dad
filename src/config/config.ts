import type { Platform } from '../oci/platform.ts';
/**
 * What the rest of the program is told: complete, checked and in machine units. Durations are milliseconds, sizes are
 * bytes, file names are absolute. What each key means to a user stands in `schema.ts`.
 */
export interface Config {
  readonly listen: ListenConfig;
  readonly storage: StorageConfig;
  /** A key of `upstreams`; null: a bare name means a hosted repository only. */
  readonly defaultUpstream: string | null;
  /** By name: a lower-cased host[:port] without the default port. */
  readonly upstreams: Readonly<Record<string, UpstreamConfig>>;
  readonly prefetch: 'image' | 'off';
  readonly warm: readonly WarmConfig[];
  /** Images or globs over them that are never evicted. */
  readonly pins: readonly string[];
  readonly offline: boolean;
  readonly push: PushConfig;
  readonly auth: AuthConfig;
  readonly log: { readonly level: LogLevel };
  readonly shutdownGrace: number;
}

export interface ListenConfig {
  /** An address or a host name; IPv6 without brackets. */
  readonly host: string;
  /** 0: one that the operating system picks. */
  readonly port: number;
  /** Of the listener at which nobody is asked to sign in; null: there is none. */
  readonly mirrorPort: number | null;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Requests come through a reverse proxy; null: from the clients themselves. */
  readonly reverseProxy: { readonly accelRedirect: string | null } | null;
}

export interface StorageConfig {
  readonly dir: string;
  /** Of mirrored content; hosted content does not count. */
  readonly maxSize: number;
  readonly minFree: number;
}

export interface UpstreamConfig {
  /** http or https, without a trailing slash, user information or query. */
  readonly url: string;
  readonly aliases: readonly string[];
  readonly credentials: { readonly username: string; readonly password: string } | null;
  readonly private: boolean;
  readonly tags: TagsConfig;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly tls: { readonly ca: string | null; readonly insecureSkipVerify: boolean };
  /** http or https; may hold user information. */
  readonly proxy: string | null;
  readonly timeouts: {
    readonly connect: number;
    readonly headers: number;
    readonly idle: number;
  };
  readonly maxConnections: number;
  readonly connectionsPerBlob: number;
  readonly allowPrivateNetwork: boolean;
}

/** How long a tag may be believed, and what happens when upstream cannot confirm it. */
export interface TagPolicy {
  readonly maxAge: number;
  readonly staleIfError: number;
  readonly staleWhileRevalidate: number;
  readonly negativeMaxAge: number;
  readonly whenDeleted: 'not-found' | 'serve-stale';
  readonly minAge: number;
  readonly whenNew: 'refuse' | 'serve';
}

export interface TagRule extends Partial<TagPolicy> {
  readonly match: string;
}

export interface TagsConfig extends TagPolicy {
  readonly rules: readonly TagRule[];
}

/** Images that are fetched ahead, again and again. */
export interface WarmConfig {
  /** Each with a tag, a glob over tags, or a digest. */
  readonly images: readonly string[];
  /** None: all that there are. */
  readonly platforms: readonly Platform[];
  readonly referrers: boolean;
  readonly every: number;
}

export interface PushConfig {
  readonly enabled: boolean;
  readonly delete: boolean;
  readonly uploadMaxAge: number;
}

export interface AuthConfig {
  readonly htpasswd: string | null;
  readonly anonymous: 'auto' | 'none' | 'pull' | 'push';
  /** Globs over names of accounts. */
  readonly administrators: readonly string[];
  readonly rules: readonly AccessRule[];
  /** Where clients get tokens; null: where they are. */
  readonly realm: string | null;
}

export type RepositoryAction = 'pull' | 'push' | 'delete';

export interface AccessRule {
  /** A glob over the repository's display name. */
  readonly match: string;
  /** Account, or a glob over accounts → what it may do. */
  readonly grant: Readonly<Record<string, readonly RepositoryAction[]>>;
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];
