import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes SHA256SUMS, which `sha256sum --check` reads, for the files of a folder. */
export function writeChecksums(folder: string): void {
  const names = readdirSync(folder).filter((name) => name !== "SHA256SUMS");
  const lines = names.toSorted().map((name) => `${sha256(join(folder, name))}  ${name}\n`);
  writeFileSync(join(folder, "SHA256SUMS"), lines.join(""));
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
