import { expect, test } from "bun:test";
import fc from "fast-check";
import { OutputTail } from "./output-tail.ts";

test("OutputTail keeps exactly the last bytes, however the output is split", () => {
  const pieces = fc.array(fc.string({ unit: "binary-ascii", maxLength: 40 }), { maxLength: 200 });
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 100 }), (chunks, bytesMax) => {
      const tail = new OutputTail(bytesMax);
      for (const chunk of chunks) tail.write(Buffer.from(chunk));
      expect(tail.text()).toBe(chunks.join("").slice(-bytesMax));
      expect(tail.bytesTotal).toBe(chunks.join("").length);
    }),
  );
});

test("OutputTail keeps the written bytes when the writer overwrites its buffer afterwards", () => {
  const tail = new OutputTail(4);
  for (const written of ["short", "a", "b"]) {
    const chunk = Buffer.from(written);
    tail.write(chunk);
    chunk.fill("x");
  }
  expect(tail.text()).toBe("rtab");
});

test("OutputTail shows invalid UTF-8 as U+FFFD", () => {
  const tail = new OutputTail(10);
  tail.write(Uint8Array.of(0x61, 0xff, 0xfe, 0x62, 0, 0x63));
  expect(tail.text()).toBe("a\ufffd\ufffdb\0c");
});
