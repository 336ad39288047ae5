/** The largest body of a registration or any request but a key's value, in bytes. */
export const bodyBytesMax: number = 1024 * 1024;
