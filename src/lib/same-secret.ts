import { createHash, timingSafeEqual } from "node:crypto";

/** Returns whether two texts are equal, in a time that tells nothing about where they differ or how long the other is. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
