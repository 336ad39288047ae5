import { expect, test } from "bun:test";
import { OperatingError } from "../../../src/lib/errors.ts";
import type { Decoder } from "./decoder.ts";
import { patienceMs } from "../patience.ts";
import { fuzz } from "./fuzz-loop.ts";

const corpus = [Buffer.from('{"name":"web","port":80}')];
const limits = { seed: 1, runsMax: 3_000, budgetMs: 20_000, before: (): void => {} };

function decoderThat(run: (text: string) => unknown): Decoder {
  return { name: "a trial", words: ["name", "null"], run: (octets) => run(new TextDecoder().decode(octets)) };
}

test("the fuzzer reports a decoder that throws anything but an OperatingError, and reduces the input", async () => {
  const decoder = decoderThat((text) => {
    if (text.includes("null")) throw new TypeError("null is not an object");
  });
  const { fault } = await fuzz(decoder, corpus, limits);
  expect(fault?.why).toContain("null is not an object");
  expect(Buffer.from(fault?.input ?? []).toString()).toBe("null");
});

test("the fuzzer reports a decoder that takes longer than its time limit for an input", async () => {
  const decoder = decoderThat((text) => {
    const start = process.cpuUsage();
    const busyMs = text.length > 3_000 ? patienceMs(150) : 0;
    while (process.cpuUsage(start).user < busyMs * 1_000);
  });
  expect((await fuzz(decoder, corpus, { ...limits, answerMsMax: 50 })).fault?.why).toMatch(/^it takes \d+ ms$/);
});

test("the fuzzer accepts a decoder that throws OperatingErrors, and counts the different kinds of error text", async () => {
  const decoder = decoderThat((text) => {
    throw new OperatingError(
      "invalid",
      "trial",
      `not a word that is known: ${text.length % 3 === 0 ? "three" : "other"}`,
    );
  });
  expect(await fuzz(decoder, corpus, { ...limits, runsMax: 200 })).toMatchObject({ outcomes: 2, fault: undefined });
});
