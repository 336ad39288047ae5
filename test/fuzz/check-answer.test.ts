import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { CheckResult } from "../../src/checks/check-runner.ts";
import { HttpAnswerReader } from "../../src/checks/http-answer.ts";
import { isRedirect } from "../../src/checks/http-redirect.ts";
import { startHttpCheck } from "../../src/checks/http.ts";
import { firstResult } from "../support/check-trial.ts";
import { explore } from "../support/fuzz/explore.ts";
import { patienceMs } from "../support/patience.ts";
import { answerMsMax } from "../support/fuzz/share.ts";

/**
 * For any octets from a checked service, the check ends with a result, which is independent of how the octets are
 * split. SEED=7 repeats the run with that seed.
 */

const shortRuns = 5_000;

interface Read {
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly location: string | undefined;
  readonly failure: string | undefined;
  readonly body: string;
  readonly isWhole: boolean;
}

function read(pieces: readonly Buffer[], isHead = false): Read {
  const startMs = performance.now();
  const body: Uint8Array[] = [];
  const reader = new HttpAnswerReader({ isHead, onBody: (bytes) => body.push(bytes) });
  for (const piece of pieces) reader.read(piece);
  const isWhole = reader.isOver;
  reader.end();
  const { status, reason, location } = reader.head ?? {};
  expect(performance.now() - startMs).toBeLessThan(patienceMs(answerMsMax));
  return { status, reason, location, failure: reader.failure, body: Buffer.concat(body).toString("latin1"), isWhole };
}

/** Splits the octets at the given positions. */
function cut(octets: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (octets.length + 1)), octets.length].toSorted((a, b) => a - b);
  return ends.map((end, at) => octets.subarray(ends[at - 1] ?? 0, end));
}

const text = fc.string({ unit: fc.constantFrom(..."aZ09 /:;,=-".split("")), maxLength: 12 }).map((each) => each.trim());
const name = fc.stringMatching(/^X-[A-Za-z-]{1,8}$/);
const headers = fc
  .array(fc.tuple(name, text), { maxLength: 4 })
  .map((lines) => lines.map(([each, value]) => `${each}: ${value}\r\n`).join(""));
const content = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));

/** Generates valid bodies: the header that frames the body, the octets as sent, and the decoded body. */
const framed = fc.oneof(
  content.map((body) => ({ framing: `Content-Length: ${body.length}\r\n`, sent: body, body })),
  content.map((body) => ({ framing: "", sent: body, body })),
  fc
    .array(
      content.filter((chunk) => chunk.length > 0),
      { maxLength: 4 },
    )
    .map((chunks) => ({
      framing: "Transfer-Encoding: chunked\r\n",
      sent: Buffer.concat([
        ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]),
        Buffer.from("0\r\n\r\n"),
      ]),
      body: Buffer.concat(chunks),
    })),
);
const answer = fc.record({
  announced: fc.constantFrom("", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
  status: fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
  reason: text,
  headers,
  framed,
});
type Answer = typeof answer extends fc.Arbitrary<infer Each> ? Each : never;

function octetsOf({ announced, status, reason, headers: lines, framed: { framing, sent } }: Answer): Buffer {
  return Buffer.concat([Buffer.from(`${announced}HTTP/1.1 ${status} ${reason}\r\n${lines}${framing}\r\n`), sent]);
}

const places = fc.array(fc.nat(400), { maxLength: 8 });

test("a valid HTTP answer is decoded correctly, however it is split into pieces", () =>
  explore("check-answer", {
    ...{ arbitrary: fc.tuple(answer, places), shortRuns },
    property([each, cuts]) {
      const {
        status,
        reason,
        framed: { framing, body },
      } = each;
      const expected = { status, reason, location: "", failure: undefined, body: body.toString("latin1") };
      expect(read(cut(octetsOf(each), cuts))).toEqual({ ...expected, isWhole: framing !== "" });
    },
  }));

/** Parts of answers on which many HTTP parsers have failed. */
const snippet = fc.constantFrom(
  ...[
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 101 \r\n",
    "HTTP/1.1 100\n\n",
    "HTTP/1.0 ",
    "HTTP/",
  ],
  ...[
    "Content-Length: ",
    "Content-Length: 5\r\n",
    "Content-Length: 99999999999999999999\r\n",
    "Content-Length: +1\r\n",
  ],
  ...[
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked, identity\r\n",
    "5\r\n",
    "0\r\n",
    "fffffffffffff\r\n",
  ],
  ...["-1\r\n", "0x5\r\n", "5;\r\n", " folded\r\n", "Location: /a\r\n", ":", "\0", "\u00ff", "x".repeat(70_000)],
);
const anything = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: snippet.map((each) => Buffer.from(each, "latin1")) },
      { weight: 1, arbitrary: content },
    ),
    {
      maxLength: 8,
    },
  )
  .map((parts) => Buffer.concat(parts));
const change = fc.record({ at: fc.nat(300), removed: fc.nat(3), inserted: anything });
const nearly = fc
  .tuple(answer, fc.array(change, { maxLength: 2 }))
  .map(([each, changes]) => changes.reduce(changed, octetsOf(each)));
const octets = fc.oneof({ weight: 3, arbitrary: nearly }, { weight: 2, arbitrary: anything });

function changed(whole: Buffer, { at, removed, inserted }: { at: number; removed: number; inserted: Buffer }): Buffer {
  const from = at % (whole.length + 1);
  return Buffer.concat([whole.subarray(0, from), inserted, whole.subarray(from + removed)]);
}

function expectSense(whole: Buffer, cuts: readonly number[], isHead: boolean): void {
  const inOne = read([whole], isHead);
  expect(read(cut(whole, cuts), isHead)).toEqual(inOne);
  expect(inOne.failure === undefined).toBe(inOne.status !== undefined);
  expect(inOne.body.length).toBeLessThanOrEqual(isHead ? 0 : whole.length);
  if (inOne.status !== undefined) expect(whole.toString("latin1")).toContain(` ${inOne.status}`);
}

test("any octets are decoded to an HTTP answer or an error, which is the same for every split into pieces", () =>
  explore("check-answer-octets", {
    ...{ arbitrary: fc.tuple(octets, places, fc.boolean()), shortRuns },
    property: ([whole, cuts, isHead]) => expectSense(whole, cuts, isHead),
    octetsOf: ([whole]) => whole,
    known: (whole) => [false, true].map((isHead) => expectSense(Buffer.from(whole), [7, 30, 90], isHead)),
  }));

/** The octets that the server sends on the next connection, cut into two pieces, and how it then ends the connection. */
let saying: { readonly octets: Buffer; readonly cut: number; readonly ending: "end" | "reset" | "none" };
const server = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    data(socket) {
      socket.write(saying.octets.subarray(0, saying.cut));
      setImmediate(() => {
        socket.write(saying.octets.subarray(saying.cut));
        if (saying.ending === "end") socket.end();
        if (saying.ending === "reset") socket.terminate();
      });
    },
  },
});
afterAll(() => server.stop(true));

const url = `http://127.0.0.1:${server.port}/`;

function check(): Promise<CheckResult> {
  const method = { kind: "http", url, method: "", headers: {}, body: "", tlsSkipVerify: false } as const;
  return firstResult((options) => startHttpCheck({ ...method, intervalMs: 10_000, timeoutMs: 0 }, options));
}

test("an HTTP check's output shows what the service sent before it closed the connection, or the error", () =>
  explore("check-run", {
    arbitrary: fc.tuple(octets, fc.nat(200), fc.constantFrom("end", "reset")),
    shortRuns: shortRuns / 10,
    octetsOf: ([whole]) => whole,
    async property([whole, place, ending]) {
      saying = { octets: whole, cut: place % (whole.length + 1), ending };
      const startMs = performance.now();
      const { status: found, output } = await check();
      expect(performance.now() - startMs).toBeLessThan(patienceMs(answerMsMax));
      const { status = 0, reason, location = "", failure } = read([whole]);
      if (ending === "reset" || isRedirect(status, location)) return expect(output).toMatch(/^(?:HTTP GET|Get ")/);
      if (failure === undefined) return expect(output).toStartWith(`HTTP GET ${url}: ${status} ${reason} Output: `);
      return expect([found, output]).toEqual(["critical", `Get "${url}": ${failure}`]);
    },
  }));
