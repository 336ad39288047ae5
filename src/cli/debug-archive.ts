import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** Packs a folder, under its own name, into a .tar.gz file that appears only when it is complete; then removes the folder. */
export async function archiveFolder(folder: string, file: string): Promise<void> {
  const { packTar } = await import("modern-tar/fs");
  const unfinished = `${file}.unfinished`;
  try {
    const source = { type: "directory", source: folder, target: basename(folder) } as const;
    await pipeline(packTar([source]), createGzip(), createWriteStream(unfinished, { mode: 0o600 }));
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
  await rm(folder, { recursive: true });
}
