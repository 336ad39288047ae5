import { expect, test } from "bun:test";
import fc from "fast-check";
import { FrameReader, framed } from "./frames.ts";

test("a FrameReader returns whole messages, wherever the TCP stream is divided", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 300 })), (sent, cuts) => {
      let stream: Uint8Array = Buffer.concat(sent.map(framed));
      const reader = new FrameReader();
      const received: Uint8Array[] = [];
      for (const cut of [...cuts, Infinity]) {
        received.push(...reader.read(stream.subarray(0, cut)));
        stream = stream.subarray(Math.min(cut, stream.length));
      }
      expect(received.map((each) => Buffer.from(each).toString("hex"))).toEqual(
        sent.map((each) => Buffer.from(each).toString("hex")),
      );
    }),
  );
});

test("a FrameReader copies the beginning of an incomplete message, so the caller can reuse its buffer", () => {
  const reader = new FrameReader();
  const beginning = Buffer.from(framed(Uint8Array.of(1, 2, 3)).subarray(0, 4));
  expect(reader.read(beginning)).toEqual([]);
  beginning.fill(0);
  expect(reader.read(Uint8Array.of(3)).map((message) => [...message])).toEqual([[1, 2, 3]]);
});

test("a FrameReader returns a message of 65535 octets", () => {
  const reader = new FrameReader();
  expect(reader.read(framed(new Uint8Array(65_535)))[0]).toHaveLength(65_535);
});
