import type { Clock } from '../clock.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Upkeep } from '../maintenance/upkeep.ts';
import type { Warm } from '../maintenance/warm.ts';
import type { PullThrough } from '../pull-through/pull-through.ts';
import type { Content } from '../registry/content.ts';
import type { Deletes } from '../registry/delete.ts';
import type { Lists } from '../registry/list.ts';
import type { Naming } from '../registry/naming.ts';
import type { PushBlob } from '../registry/push-blob.ts';
import type { PushManifest } from '../registry/push-manifest.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import type { Access } from './access.ts';
import type { ServerFacts } from './api/status.ts';
import type { Authentication, Authenticator } from './authenticator.ts';

/** What the handlers call. */
export interface Services {
  readonly naming: Naming;
  readonly access: Access;
  readonly authenticator: Authenticator;
  /** Undefined: there are no accounts. */
  readonly authentication: Authentication | undefined;
  readonly content: Content;
  readonly lists: Lists;
  readonly deletes: Deletes;
  readonly pushBlob: PushBlob;
  readonly pushManifest: PushManifest;
  readonly metadata: MetadataStore;
  readonly warm: Warm;
  /** For the API alone. */
  readonly facts: ServerFacts;
  readonly inventory: Inventory;
  readonly pullThrough: PullThrough;
  readonly blobs: BlobStore;
  readonly upkeep: Upkeep;
  readonly clock: Clock;
  /** Path of nginx's internal location for the folder of all blobs; null: there is none. */
  readonly accelRedirect: string | null;
}
