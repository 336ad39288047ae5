import { createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";

/** The beginning of an Ed25519 key in PKCS #8. The 32 bytes of the key follow. */
const ed25519 = Buffer.from("302e020100300506032b657004220420", "hex");

/** Returns the same key at each call, since a recording has the public one. */
function keyOf(seed: number): KeyObject {
  return createPrivateKey({ key: Buffer.concat([ed25519, Buffer.alloc(32, seed)]), format: "der", type: "pkcs8" });
}

const issuerKey: KeyObject = keyOf(1);
export const strangeKey: KeyObject = keyOf(2);
export const issuerPublicKey: string = createPublicKey(issuerKey).export({ format: "pem", type: "spki" });

interface WebTokenOptions {
  readonly key?: KeyObject;
  readonly header?: object;
}

/** Returns a JSON Web Token with these claims, signed with Ed25519. */
export function webToken(claims: unknown, options: WebTokenOptions = {}): string {
  const { key = issuerKey, header = { alg: "EdDSA" } } = options;
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  const text = parts.join(".");
  return `${text}.${sign(null, Buffer.from(text), key).toString("base64url")}`;
}

/** The wall clock when the scripts were made, in milliseconds since 1970. Praetor's clock stands still there while they run. */
export const scriptsMs: number = Math.floor(Date.now() / 1000) * 1000 + 500;

/** Returns a time of a claim. @param inS seconds from now */
export function time(inS: number): number {
  return Math.floor(scriptsMs / 1000) + inS;
}
