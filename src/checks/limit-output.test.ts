import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatScriptOutput, limitReportedOutput, OutputTail } from "./limit-output.ts";

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

// Output of Consul 1.8.7 with OutputMaxSize 10 and `seq 1 100`.
test("a script's output that exceeds the limit begins with a note that it was truncated", () => {
  const tail = new OutputTail(10);
  for (let line = 1; line <= 100; line += 1) tail.write(Buffer.from(`${line}\n`));
  expect(formatScriptOutput(tail, 10)).toBe("Captured 10 of 292 bytes\n...\n98\n99\n100\n");
});

test("an output of a check that is as long as the limit is not truncated", () => {
  const tail = new OutputTail(4096);
  tail.write(Buffer.from("x".repeat(4096)));
  expect(formatScriptOutput(tail, 4096)).toBe("x".repeat(4096));
  expect(limitReportedOutput("x".repeat(4096), 4096)).toBe("x".repeat(4096));
});

test("the output that a service reports is limited in bytes, not in characters", () => {
  expect(limitReportedOutput("ééé", 4)).toBe("éé ... (captured 4 of 6 bytes)");
});
