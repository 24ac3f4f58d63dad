/** What every user of the JSON API has to know besides the shapes. Pure: the page imports it. */

export const API_ROOT = '/api/v1';

/**
 * A DELETE has no body and so no content type that another site's page may not send; it carries this header with the
 * value `1` instead, which makes a browser ask first (a preflight, which is never granted).
 */
export const CSRF_HEADER = 'X-Holdfast';

/** Answers that tell of long work: one JSON value a line, the last of them with `done` or `errors`. */
export const NDJSON = 'application/x-ndjson';

/** Entries of a page where the request does not say, and the most that it may ask for. */
export const DEFAULT_PAGE = 100;
export const MAX_PAGE = 500;
