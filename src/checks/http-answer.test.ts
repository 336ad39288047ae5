import { expect, test } from "bun:test";
import { HttpAnswerReader } from "./http-answer.ts";

interface Read {
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  readonly location?: string | undefined;
  readonly failure?: string | undefined;
  readonly body: string;
  /** Whether the response was complete before the connection ended. */
  readonly isWhole: boolean;
}

/** Parses a response that arrives in these pieces, after which the connection ends. */
function read(pieces: readonly string[], isHead = false): Read {
  const body: Uint8Array[] = [];
  const reader = new HttpAnswerReader({ isHead, onBody: (bytes) => body.push(bytes) });
  for (const piece of pieces) reader.read(Buffer.from(piece, "latin1"));
  const isWhole = reader.isOver;
  reader.end();
  const { head, failure } = reader;
  return { ...head, failure, body: Buffer.concat(body).toString("latin1"), isWhole };
}

/** Parses a response that arrives byte by byte. */
function readSlowly(answer: string, isHead?: boolean): Read {
  return read(answer.split(""), isHead);
}

const broken = "net/http: HTTP/1.x transport connection broken";
const malformed = `${broken}: malformed HTTP response`;
const ok = "HTTP/1.1 200 OK\r\n";

test.each([
  ["of a length", `${ok}Content-Length: 4\r\n\r\npongXX`, "pong", true],
  ["of no length", `${ok}Content-Length: 0\r\n\r\nXX`, "", true],
  ["until the connection ends", `${ok}\r\npong`, "pong", false],
  ["in chunks", `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\npo\r\n02;a=b\r\nng\r\n0\r\n\r\nXX`, "pong", true],
  ["in chunks, with trailers", `${ok}TRANSFER-ENCODING:chunked\r\n\r\n4\r\npong\r\n0\r\nA: b\r\n\r\nXX`, "pong", true],
  [
    "in chunks, whatever length is given",
    `${ok}Content-Length: 9\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    "",
    true,
  ],
  ["in another encoding", `${ok}Content-Length: 1\r\nTransfer-Encoding: gzip\r\n\r\npong`, "pong", false],
  ["with bare line ends", `HTTP/1.0 200 OK\nContent-Length: 4\n\npong`, "pong", true],
  ["of a length given twice", `${ok}Content-Length: 4\r\nContent-Length: 4\r\n\r\npong`, "pong", true],
  ["that is cut off", `${ok}Content-Length: 40\r\n\r\npong`, "pong", false],
  ["in chunks, cut off", `${ok}Transfer-Encoding: chunked\r\n\r\n9\r\npong`, "pong", false],
  ["in chunks, of which one has no size", `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\npong\r\nzz\r\nXX`, "pong", true],
  ["in chunks, of which one does not end", `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\npongXX\r\n`, "pong", true],
])("a response body %s is read completely, however the bytes are split", (_which, answer, body, isWhole) => {
  const whole = { status: 200, reason: "OK", location: "", failure: undefined, body, isWhole };
  expect(read([answer])).toEqual(whole);
  expect(readSlowly(answer)).toEqual(whole);
});

test("responses to HEAD and with status 204 or 304 have no body, whatever Content-Length states", () => {
  const rest = "Content-Length: 4\r\n\r\nXXXX";
  expect(read([ok + rest], true)).toMatchObject({ status: 200, body: "", isWhole: true });
  expect(read([`HTTP/1.1 204 No Content\r\n${rest}`])).toMatchObject({ status: 204, body: "", isWhole: true });
  expect(read([`HTTP/1.1 304 Not Modified\r\n${rest}`])).toMatchObject({ status: 304, body: "", isWhole: true });
});

test("1xx responses are skipped, except 101, which is final", () => {
  const announced = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 3\r\nLocation: /a\r\n\r\n${ok}\r\npong`;
  expect(readSlowly(announced)).toMatchObject({ status: 200, location: "", body: "pong" });
  expect(read(["HTTP/1.1 101 Switching Protocols\r\n\r\n\x01\x02"])).toMatchObject({ status: 101, body: "" });
});

test("the reason phrase in a status line may be missing and may have any characters", () => {
  expect(read(["HTTP/1.1 299\r\n\r\n"])).toMatchObject({ status: 299, reason: "" });
  expect(read(["HTTP/1.1 299 \r\n\r\n"])).toMatchObject({ status: 299, reason: "" });
  expect(read(["HTTP/1.1 200 Sch\xc3\xb6n  so\r\n\r\n"])).toMatchObject({ status: 200, reason: "Schön  so" });
});

test("a response with several Location headers redirects to the first, joined with its continuation lines", () => {
  const head = "HTTP/1.1 302 Found\r\nX: a\r\n b\r\nlocation : /x\r\n\r\n";
  expect(read([head]).failure).toBe(malformed);
  const folded = "HTTP/1.1 302 Found\r\nX: a\r\n b\r\nlocation:\t/a\r\n\t/b \r\nLocation: /c\r\n\r\n";
  expect(readSlowly(folded)).toMatchObject({ status: 302, location: "/a /b" });
});

test.each([
  ["nothing", "", "EOF"],
  ["a head that breaks off", `${ok}Content-`, `${broken}: unexpected EOF`],
  ["a head that only announces", "HTTP/1.1 100 Continue\r\n\r\n", `${broken}: unexpected EOF`],
  ["another protocol", "SSH-2.0-x\r\n", malformed],
  ["HTTP of another age", "HTTP/2.0 200 OK\r\n\r\n", malformed],
  ["a status that is no number", "HTTP/1.1 2xx OK\r\n\r\n", malformed],
  ["a status of four figures", "HTTP/1.1 2000 OK\r\n\r\n", malformed],
  ["a header without a colon", `${ok}Nonsense\r\n\r\n`, malformed],
  ["a header without a name", `${ok}: x\r\n\r\n`, malformed],
  ["a head that begins with the rest of a header", `${ok} x\r\n\r\n`, malformed],
  ["a length that is none", `${ok}Content-Length: -1\r\n\r\n`, malformed],
  ["two lengths", `${ok}Content-Length: 4\r\nContent-Length: 5\r\n\r\npong`, malformed],
])("%s is an invalid response", (_what, answer, failure) => {
  expect(read([answer])).toMatchObject({ failure, body: "" });
  expect(readSlowly(answer)).toMatchObject({ failure, body: "" });
});

test("a response is invalid if its head exceeds 64 KiB, in one line, in many lines or in a series of 1xx responses", () => {
  const failure = `${broken}: net/http: server response headers exceeded 65536 bytes; aborted`;
  for (const piece of ["x", "X: y\r\n"]) {
    const endless = Array.from({ length: 70_000 / piece.length }, () => piece);
    expect(read([ok, "X: ", "y\r\n", piece === "x" ? "X: " : "", ...endless])).toMatchObject({
      failure,
      isWhole: true,
    });
  }
  const announcing = Array.from({ length: 5_000 }, () => "HTTP/1.1 100 Continue\r\n\r\n");
  expect(read(announcing)).toMatchObject({ failure, isWhole: true });
});

test("at most 1 MiB of a response body is read, and a chunk-size line above 4 KiB ends the body", () => {
  const piece = "y".repeat(65_536);
  const body = Array.from({ length: 100 }, () => piece);
  expect(read([`${ok}\r\n`, ...body]).body).toHaveLength(2 ** 20);
  const trailers = Array.from({ length: 100 }, () => "X: y\r\n".repeat(10_000));
  expect(read([`${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n`, ...trailers])).toMatchObject({
    status: 200,
    isWhole: true,
  });
  expect(read([`${ok}Transfer-Encoding: chunked\r\n\r\n1;`, ...body])).toMatchObject({ status: 200, isWhole: true });
});
