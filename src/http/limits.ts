/** Maximum size of a request's body in bytes; a key's value, a transaction and a snapshot have other limits. */
export const bodyBytesMax: number = 1024 * 1024;

/**
 * Maximum size of a snapshot's state.bin in bytes, enough for some three million keys of 100 bytes. A restore is one batch, which
 * SQLite stores as one value of at most a gigabyte, so this limit leaves room for the deletes in the batch.
 */
export const snapshotBytesMax: number = 512 * 1024 * 1024;
