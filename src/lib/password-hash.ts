import { secretBytes } from "./secret-bytes.ts";

/**
 * Argon2id with the least parameters that OWASP's Password Storage Cheat Sheet recommends. A hash takes 19 MiB of memory and, on a
 * small board, a good part of a second of a processor, so that a gateway of 1 GiB can compute some at a time.
 */
const parameters = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

/** Maximum length of a password, in UTF-16 code units. */
export const passwordLengthMax = 1_024;

/**
 * Returns the hash of a password, with its salt and parameters, in the PHC string format. A thread of the runtime computes it.
 * Passwords that look the same are the same: keyboards differ in how they write an accented letter (RFC 8265, 4.2.2).
 */
export function hashPassword(password: string): Promise<string> {
  return Bun.password.hash(password.normalize("NFC"), parameters);
}

/** Returns whether a hash is the password's. A thread of the runtime computes it. */
export function isPasswordOf(hash: string, password: string): Promise<boolean> {
  return Bun.password.verify(password.normalize("NFC"), hash, "argon2id");
}

/** Returns a hash that no known password has, whose check costs the same as that of any other. */
export function unknownPasswordHash(): string {
  const [salt, hash] = [32, 32].map((size) => Buffer.from(secretBytes(size)).toString("base64").replaceAll("=", ""));
  return `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=1$${salt}$${hash}`;
}
