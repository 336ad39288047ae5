import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { packFiles, sha256Sums, unpackFiles } from "../../test/support/archive.ts";
import { measureFile, packArchive, unpackArchive } from "./checked-archive.ts";
import { OperatingError } from "./errors.ts";

const bytesMax = 4 << 20;

async function pack(
  files: Readonly<Record<string, readonly Uint8Array[]>>,
  modified: Date = new Date(0),
): Promise<Buffer> {
  const measured = await Promise.all(Object.entries(files).map(([name, blocks]) => measureFile(name, () => blocks)));
  return Buffer.from(await new Response(packArchive(measured, modified)).arrayBuffer());
}

async function unpack(archive: Buffer, max: number = bytesMax): Promise<{ text: string; content: Buffer }> {
  const blocks: Uint8Array[] = [];
  const texts = await unpackArchive(new Blob([new Uint8Array(archive)]).stream(), {
    texts: ["text"],
    streamed: "large",
    receive: (block) => void blocks.push(block),
    bytesMax: max,
  });
  return { text: texts.get("text") ?? "", content: Buffer.concat(blocks) };
}

async function refusal(archive: Buffer, max?: number): Promise<string> {
  try {
    await unpack(archive, max);
  } catch (error) {
    if (error instanceof OperatingError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error("it was taken");
}

test("unpacking returns the packed files, whatever the block sizes", async () => {
  const content = fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(content, async (blocks) => {
      const archive = await pack({ text: [Buffer.from("hello")], large: blocks });
      expect(await unpack(archive)).toEqual({ text: "hello", content: Buffer.concat(blocks) });
    }),
    { numRuns: 30 },
  );
});

test.each([["1914-05-01"], ["1970-01-01"], ["2300-01-01"]])(
  "an archive can be packed when the machine's clock is at %s",
  async (date) => {
    const archive = await pack({ text: [Buffer.from("hello")], large: [] }, new Date(date));
    expect((await unpack(archive)).text).toBe("hello");
  },
);

test("an archive's file SHA256SUMS lists the hashes of all other files", async () => {
  const archive = await pack({ text: [Buffer.from("hello")], large: [Buffer.from("world")] });
  const files = await unpackFiles(archive);
  const sums = files.get("SHA256SUMS")?.toString();
  files.delete("SHA256SUMS");
  expect(sums).toBe(sha256Sums(files));
});

test("a flipped bit anywhere in the archive is detected or does not change the unpacked files", async () => {
  const archive = await pack({ text: [Buffer.from("hello")], large: [Buffer.from("world, and more of it")] });
  const whole = await unpack(archive);
  for (let bit = 0; bit < archive.length * 8; bit += 3) {
    const damaged = Buffer.from(archive);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    // A flipped bit of the time or the operating system in gzip's header does not change the content.
    const found = await unpack(damaged).catch((error: unknown) => error);
    if (!(found instanceof OperatingError)) expect(found).toEqual(whole);
  }
});

describe("unpacking refuses, with a reason,", () => {
  const files = new Map([
    ["text", "hello"],
    ["large", "world"],
  ]);

  test("an archive with an extra, a missing or a repeated file", async () => {
    const sums = ["SHA256SUMS", sha256Sums(files)] as const;
    expect(await refusal(await packFiles([...files, sums, ["x", ""]]))).toContain('unexpected file "x"');
    expect(await refusal(await packFiles([...files, ["text", ""], sums]))).toContain('unexpected file "text"');
    expect(await refusal(await packFiles([["text", "hello"], sums]))).toContain("large is missing");
  });

  test("a file with a wrong or missing hash", async () => {
    const sums = sha256Sums([...files, ["text", "other"]]);
    expect(await refusal(await packFiles([...files, ["SHA256SUMS", sums.slice(70)]]))).toContain(
      "text does not match its hash",
    );
    expect(await refusal(await packFiles(files))).toContain("text does not match its hash");
  });

  test("a truncated or empty archive, and bytes that are no archive", async () => {
    const archive = await pack({ text: [Buffer.from("hello")], large: [Buffer.from("world")] });
    for (let length = 0; length < archive.length; length += 7)
      expect(await refusal(archive.subarray(0, length))).toStartWith("archive-damaged: ");
  });

  test("content above the limit, even if the archive itself is small", async () => {
    const archive = await pack({
      text: [Buffer.from("hello")],
      large: Array.from({ length: 64 }, () => Buffer.alloc(1 << 20)),
    });
    expect(archive.length).toBeLessThan(1 << 18);
    expect(await refusal(archive)).toStartWith("archive-too-large: ");
  });

  test("a small file above the limit for small files", async () => {
    const archive = await pack({ text: [Buffer.alloc(1 << 17)], large: [] });
    expect(await refusal(archive)).toContain("longer than 65536 bytes");
  });
});

test("cancelling the stream of an archive stops generating its content", async () => {
  let made = 0;
  function* blocks(): Generator<Uint8Array> {
    for (let at = 0; at < 4_096; at++) {
      made += 1;
      yield Buffer.alloc(16 * 1024, at);
    }
  }
  const file = await measureFile("large", blocks);
  expect(file.bytes).toBe(64 << 20);
  made = 0;
  const reader = packArchive([file], new Date(0)).getReader();
  await reader.read();
  await reader.cancel();
  const whenCancelled = made;
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(made).toBeLessThanOrEqual(whenCancelled + 1);
});
