import { blobRecordsContract } from './blob-records.contract.ts';
import { damageRecordsContract } from './damage-records.contract.ts';
import { inventoryContract } from './inventory.contract.ts';
import { manifestRecordsContract } from './manifest-records.contract.ts';
import type { OpenMetadataStore } from './open-stores.ts';
import { pinsContract } from './pins.contract.ts';
import { referrersContract } from './referrers.contract.ts';
import { repositoryRecordsContract } from './repository-records.contract.ts';
import { tagRecordsContract } from './tag-records.contract.ts';
import { tagSightingsContract } from './tag-sightings.contract.ts';
import { upkeepRecordsContract } from './upkeep-records.contract.ts';
import { uploadRecordsContract } from './upload-records.contract.ts';

/** What every metadata store promises, whatever keeps its rows. */
export function metadataStoreContract(name: string, openStore: OpenMetadataStore): void {
  manifestRecordsContract(name, openStore);
  referrersContract(name, openStore);
  tagRecordsContract(name, openStore);
  tagSightingsContract(name, openStore);
  blobRecordsContract(name, openStore);
  repositoryRecordsContract(name, openStore);
  uploadRecordsContract(name, openStore);
  upkeepRecordsContract(name, openStore);
  damageRecordsContract(name, openStore);
  inventoryContract(name, openStore);
  pinsContract(name, openStore);
}
