/** The largest body of a registration or any request but a key's value, in bytes. */
export const bodyBytesMax: number = 1024 * 1024;

/**
 * The largest snapshot, in bytes of state.bin: some three million keys of 100 bytes. A restore is one batch, which SQLite keeps as one
 * value of a gigabyte at the most, so this leaves room for what the batch deletes.
 */
export const snapshotBytesMax: number = 512 * 1024 * 1024;
