import type { Content } from '../registry/content.ts';
import type { Deletes } from '../registry/delete.ts';
import type { Lists } from '../registry/list.ts';
import type { Naming } from '../registry/naming.ts';
import type { PushBlob } from '../registry/push-blob.ts';
import type { PushManifest } from '../registry/push-manifest.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import type { Access } from './access.ts';

/** What the handlers call. */
export interface Services {
  readonly naming: Naming;
  readonly access: Access;
  readonly content: Content;
  readonly lists: Lists;
  readonly deletes: Deletes;
  readonly pushBlob: PushBlob;
  readonly pushManifest: PushManifest;
  readonly metadata: MetadataStore;
}
