import { secretBytes } from "./secret-bytes.ts";

const serialBytes = 16;

/**
 * Returns a random positive number of 16 bytes. Its first bits are 01, so that DER encodes it in 16 bytes, neither more nor
 * fewer.
 */
export function newSerialNumber(): Uint8Array<ArrayBuffer> {
  const bytes = secretBytes(serialBytes);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

/** Formats a serial number as a decimal text. */
export function inDecimal(serial: Uint8Array): string {
  return BigInt(`0x${Buffer.from(serial).toString("hex")}`).toString();
}
