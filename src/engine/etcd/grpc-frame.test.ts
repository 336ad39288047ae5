import { expect, test } from "bun:test";
import fc from "fast-check";
import { FrameReader, frameOf } from "./grpc-frame.ts";

test("frames are read whole, in order, however the stream is cut into chunks", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sent, lengths) => {
      const stream = Buffer.concat(sent.map(frameOf));
      const reader = new FrameReader();
      const received: string[] = [];
      for (let at = 0, n = 0; at < stream.byteLength; n++) {
        const length = lengths[n % lengths.length] ?? 1;
        for (const message of reader.push(stream.subarray(at, at + length)))
          received.push(Buffer.from(message).toString("hex"));
        at += length;
      }
      expect(received).toEqual(sent.map((message) => Buffer.from(message).toString("hex")));
    }),
  );
});
