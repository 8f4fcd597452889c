/** Where a stored picture is served. */

/** The address of a blob, beside the page. */
export const blobUrl = (sha256: string): string => `blobs/${sha256}`;
