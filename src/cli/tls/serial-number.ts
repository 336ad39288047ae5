import { secretBytes } from "../../lib/secret-bytes.ts";

const serialBytes = 16;

/** A random positive number of 16 bytes; its first bits are 01, so that it is in DER's shortest form. */
export function newSerialNumber(): Uint8Array<ArrayBuffer> {
  const bytes = secretBytes(serialBytes);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

/** "163912398712..." */
export function inDecimal(serial: Uint8Array): string {
  return BigInt(`0x${Buffer.from(serial).toString("hex")}`).toString();
}
