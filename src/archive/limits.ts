/**
 * How much of an archive is believed. Archives come from anywhere: each bound is far above what tools write, and keeps
 * what a hostile one can cost.
 */

/** Entries of one tar. Docker writes four for each layer, and an image has 127 layers at most. */
export const MAX_ENTRIES = 65_536;

/** Bytes of an entry's name: digests and layer folders take less than 150. */
export const MAX_NAME_BYTES = 1024;

/** Bytes of a pax or GNU header that goes before an entry. */
export const MAX_EXTENDED_HEADER_BYTES = 1024 * 1024;

/** Bytes of one manifest, config or list: what registries take (distribution-spec: at least 4 MiB), and so must be here. */
export const MAX_JSON_BYTES = 4 * 1024 * 1024;

/** Bytes of small entries of a stream that are held in memory; larger ones, and those beyond, are kept elsewhere. */
export const MAX_HELD_BYTES = 64 * 1024 * 1024;

/** Links that lead from one name to the content. Tools write one at most. */
export const MAX_LINK_STEPS = 8;

/** Indexes inside of indexes. Docker writes two. */
export const MAX_INDEX_DEPTH = 4;

/** Manifests of one archive, all platforms and images together. */
export const MAX_MANIFESTS = 4096;

/** Names of all images of an archive together; each is a tag to be written. */
export const MAX_NAMES = 4096;

/** Referrers of all images of an archive together, and tags of those; one that several images have counts for each. */
export const MAX_REFERRERS = 4096;

/** Layers of one image; Docker refuses to run more than 127. */
export const MAX_LAYERS = 1024;

/**
 * Layers, and bytes of JSON, of all images of a saved archive together. Images name the same entries again and again, so that
 * a small archive could spell out very large ones.
 */
export const MAX_ALL_LAYERS = 65_536;
export const MAX_ALL_JSON_BYTES = 64 * 1024 * 1024;

/** Bytes that may be spooled while a stream is read whose names come last. */
export const MAX_SPOOLED_BYTES = 64 * 1024 ** 3;

/**
 * A compressed archive may grow to so many bytes whatever it has, and beyond that to so many times of what was read.
 * Images grow two to four times; a bomb grows a thousand times (gzip's best) or more (zstd).
 */
export const FREE_EXPANSION_BYTES = 4 * 1024 ** 3;
export const MAX_EXPANSION = 100;

/** Bytes behind the end mark of a tar that are still read: blocking factors pad, and a pipe should not break. */
export const MAX_TRAILER_BYTES = 16 * 1024 * 1024;

/** The window that a zstd stream may ask for: zstd's own bound when it decompresses. */
export const MAX_ZSTD_WINDOW_BYTES = 128 * 1024 * 1024;
