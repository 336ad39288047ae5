import { packTar, unpackTar } from "modern-tar";

/** Returns the content of each file of a gzipped tar archive by the file's name, in the order of the archive. */
export async function unpackFiles(archive: Buffer): Promise<Map<string, Buffer>> {
  const entries = await unpackTar(Bun.gunzipSync(new Uint8Array(archive)), { strict: true });
  return new Map(entries.map(({ header, data }) => [header.name, Buffer.from(data ?? [])]));
}

export async function packFiles(files: Iterable<readonly [name: string, content: string | Buffer]>): Promise<Buffer> {
  const entries = [...files].map(([name, content]) => {
    const body = new Uint8Array(Buffer.from(content));
    return { header: { name, size: body.length }, body };
  });
  return Buffer.from(Bun.gzipSync(await packTar(entries)));
}

/** Returns the SHA-256 checksums of the files, in the output format of `sha256sum`. */
export function sha256Sums(files: Iterable<readonly [name: string, content: string | Buffer]>): string {
  const hash = (content: string | Buffer): string => new Bun.CryptoHasher("sha256").update(content).digest("hex");
  return [...files].map(([name, content]) => `${hash(content)}  ${name}\n`).join("");
}
