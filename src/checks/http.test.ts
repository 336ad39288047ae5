import { afterAll, beforeAll, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { arrived } from "../../test/support/arrived.ts";
import { localhostCertificate, otherCertificate } from "../../test/support/certificates.ts";
import { CheckTrial, firstResult } from "../../test/support/check-trial.ts";
import { openUnacceptingPort } from "../../test/support/unaccepting-port.ts";
import type { CheckResult } from "./check-runner.ts";
import { startHttpCheck, type HttpMethod } from "./http.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

const servers: Server[] = [];
let base: string;
let port: number;
let tlsPort: number;
let onSilent: () => void = () => {};

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const numbered = Array.from({ length: 1250 }, (_line, line) => `${String(line * 8).padStart(7, "0")}|`).join("");

const answers: Readonly<Record<string, Answer>> = {
  "/ok": (response) => response.end("hello"),
  "/empty": (response) => response.end(),
  "/reason": (response) => response.writeHead(200, "Fine And Dandy").end("r"),
  "/big": (response) => response.end(numbered),
  "/binary": (response) => response.end(Buffer.from([0x61, 0xff, 0xfe, 0x62, 0, 0x63])),
  "/silent": () => onSilent(),
  "/hang-up": (_response, request) => request.socket.destroy(),
  "/moved": (response) => response.writeHead(301, { Location: "/echo" }).end("moved"),
  "/repeat": (response) => response.writeHead(307, { Location: "/echo" }).end("moved"),
  "/away": (response) => response.writeHead(302, { Location: `http://localhost:${port}/echo` }).end(),
  "/loop": (response) => response.writeHead(302, { Location: "/loop" }).end(),
  "/nowhere": (response) => response.writeHead(302).end(),
  "/to-refused": (response) => response.writeHead(302, { Location: "http://127.0.0.1:1/x" }).end(),
  "/to-ftp": (response) => response.writeHead(302, { Location: "ftp://127.0.0.1/x" }).end(),
  "/to-nonsense": (response) => response.writeHead(302, { Location: "http://[" }).end(),
  "/stalls": (response) => {
    response.write("partial");
    onSilent();
  },
};

function respond(request: IncomingMessage, response: ServerResponse): void {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    const { method = "", url = "", rawHeaders } = request;
    const code = Number(url.slice(1));
    if (url === "/length") response.end(String(body.length));
    else if (url.startsWith("/echo")) response.end(JSON.stringify({ method, url, rawHeaders, body } satisfies Seen));
    else if (code > 0) response.writeHead(code).end("said");
    else answers[url]?.(response, request);
  });
}

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port; // address() is a string only for a Unix socket
}

/** Starts a TCP server that calls `serve` with each connection. */
function listenRaw(serve: (socket: Socket) => void): Promise<number> {
  return listen(createTcpServer((socket) => serve(socket.on("error", () => {}))));
}

beforeAll(async () => {
  port = await listen(createServer(respond));
  tlsPort = await listen(createTlsServer(localhostCertificate, respond));
  base = `http://127.0.0.1:${port}`;
});
afterAll(() => {
  for (const server of servers) server.close();
});

function methodOf(url: string, change: Partial<HttpMethod> = {}): HttpMethod {
  const unchanged = { method: "", headers: {}, body: "", tlsSkipVerify: false, intervalMs: 10_000, timeoutMs: 0 };
  return { kind: "http", url, ...unchanged, ...change };
}

function check(url: string, change?: Partial<HttpMethod>): Promise<CheckResult> {
  return firstResult((options) => startHttpCheck(methodOf(url, change), options));
}

/** Runs an HTTP check and returns the request that the server received at /echo. */
async function echo(path: string, change?: Partial<HttpMethod>): Promise<Seen> {
  const { output } = await check(base + path, change);
  return JSON.parse(output.slice(output.indexOf("{")));
}

function headerOf(seen: Seen, name: string): string[] {
  return seen.rawHeaders.filter((_header, at) => at % 2 === 1 && seen.rawHeaders[at - 1] === name);
}

test.each([
  [200, "passing", "OK"],
  [299, "passing", "unknown"],
  [429, "warning", "Too Many Requests"],
  [400, "critical", "Bad Request"],
  [404, "critical", "Not Found"],
  [500, "critical", "Internal Server Error"],
  [503, "critical", "Service Unavailable"],
] as const)("an HTTP check of a service that responds with status %i is %s", async (code, status, reason) => {
  const output = `HTTP GET ${base}/${code}: ${code} ${reason} Output: said`;
  expect(await check(`${base}/${code}`)).toEqual({ status, output });
});

test("the output of an HTTP check has the status line as the service sent it, and the body", async () => {
  expect((await check(`${base}/reason`)).output).toBe(`HTTP GET ${base}/reason: 200 Fine And Dandy Output: r`);
  expect((await check(`${base}/empty`)).output).toBe(`HTTP GET ${base}/empty: 200 OK Output: `);
  expect((await check(`${base}/binary`)).output).toBe(`HTTP GET ${base}/binary: 200 OK Output: a\ufffd\ufffdb\0c`);
  expect((await check(`${base}/204`)).output).toBe(`HTTP GET ${base}/204: 204 No Content Output: `);
  expect((await check(`${base}/ok`, { method: "HEAD" })).output).toBe(`HTTP HEAD ${base}/ok: 200 OK Output: `);
});

test("the request of an HTTP check has the same headers as Consul's health checks", async () => {
  const seen = await echo("/echo");
  expect(seen).toEqual({ method: "GET", url: "/echo", rawHeaders: expect.anything(), body: "" });
  expect(headerOf(seen, "Host")).toEqual([`127.0.0.1:${port}`]);
  expect(headerOf(seen, "User-Agent")).toEqual(["Consul Health Check"]);
  expect(headerOf(seen, "Accept")).toEqual(["text/plain, text/*, */*"]);
  expect(headerOf(seen, "Connection")).toEqual(["close"]);
  expect(seen.rawHeaders).toHaveLength(8);
});

test("an HTTP check sends the method, body and headers of its definition; these headers replace the default ones", async () => {
  const headers = {
    host: ["foo.bar"],
    "x-a": ["1", "2"],
    "User-Agent": ["mine"],
    Accept: [""],
    "Content-Length": ["9"],
  };
  const seen = await echo("/echo?a=b%20c#fragment", { method: "PUT", body: "hé", headers });
  expect([seen.method, seen.url, seen.body]).toEqual(["PUT", "/echo?a=b%20c", "hé"]);
  expect(headerOf(seen, "Host")).toEqual(["foo.bar"]);
  expect(headerOf(seen, "x-a")).toEqual(["1", "2"]);
  expect(headerOf(seen, "User-Agent")).toEqual(["mine"]);
  expect(headerOf(seen, "Accept")).toEqual(["text/plain, text/*, */*"]);
  expect(headerOf(seen, "Content-Length")).toEqual(["3"]);
});

test("an HTTP check with the method GET may send a body", async () => {
  const seen = await echo("/echo", { body: "asked" });
  expect([seen.method, seen.body]).toEqual(["GET", "asked"]);
});

test("a password in an HTTP check's URL is sent to the service and hidden in the output", async () => {
  const url = `http://user:secret@127.0.0.1:${port}`;
  const { output } = await check(`${url}/echo`);
  expect(output).toStartWith(`HTTP GET http://user:***@127.0.0.1:${port}/echo: 200 OK Output: `);
  expect(output).toContain(`Basic ${btoa("user:secret")}`);
  expect((await check(`${url}/hang-up`)).output).toBe(`Get "http://user:***@127.0.0.1:${port}/hang-up": EOF`);
});

test("the output of an HTTP check has only the end of a long body", async () => {
  const { output } = await firstResult((options) => startHttpCheck(methodOf(`${base}/big`), options), {
    outputBytesMax: 100,
  });
  expect(output).toBe(`HTTP GET ${base}/big: 200 OK Output: ${numbered.slice(-100)}`);
});

test("an HTTP check stops reading an endless body after 1 MiB, and takes its status from the HTTP status code", async () => {
  let closed = (): void => {};
  const left = new Promise<void>((resolve) => (closed = resolve));
  const endless = await listenRaw((socket) => {
    const chunk = "y".repeat(65_536);
    const pump = (): void => {
      while (!socket.destroyed && socket.write(chunk)) continue;
    };
    socket.on("drain", pump).on("close", closed);
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      pump();
    });
  });
  const url = `http://127.0.0.1:${endless}/`;
  expect(await check(url)).toEqual({
    status: "passing",
    output: `HTTP GET ${url}: 200 OK Output: ${"y".repeat(4096)}`,
  });
  await left;
});

test("the HTTP status code decides the result of an HTTP check even if the body is truncated or does not end", async () => {
  const short = await listenRaw((socket) =>
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")),
  );
  const url = `http://127.0.0.1:${short}/`;
  expect(await check(url)).toEqual({ status: "passing", output: `HTTP GET ${url}: 200 OK Output: short` });

  const trial = new CheckTrial((options) => startHttpCheck(methodOf(`${base}/stalls`), options));
  const asked = new Promise<void>((resolve) => (onSilent = resolve));
  await trial.startRun();
  await asked;
  await arrived(); // the client has no event for the bytes that it gets, since the body does not end
  await trial.clock.advance(10_000);
  expect((await trial.result()).output).toBe(`HTTP GET ${base}/stalls: 200 OK Output: partial`);
  trial.runner.stop();
});

test("an HTTP check follows redirects with GET, or with the same request after 307 and 308", async () => {
  const moved = await echo("/moved", { method: "POST", body: "b" });
  expect([moved.method, moved.body]).toEqual(["GET", ""]);
  expect(headerOf(moved, "Referer")).toEqual([`${base}/moved`]);
  const repeated = await echo("/repeat", { method: "POST", body: "b" });
  expect([repeated.method, repeated.body]).toEqual(["POST", "b"]);
  expect((await check(`${base}/moved`)).output).toStartWith(`HTTP GET ${base}/moved: 200 OK Output: {`);
});

test("an HTTP check does not send credentials or the Host header to another server after a redirect", async () => {
  const headers = { Authorization: ["secret"], Host: ["virtual"], "X-Kept": ["yes"] };
  const same = await echo("/moved", { headers });
  expect([headerOf(same, "Authorization"), headerOf(same, "Host")]).toEqual([["secret"], ["virtual"]]);
  const other = await echo("/away", { headers });
  expect([headerOf(other, "Authorization"), headerOf(other, "Host")]).toEqual([[], [`localhost:${port}`]]);
  expect(headerOf(other, "X-Kept")).toEqual(["yes"]);
});

test("an HTTP check with an invalid redirect or too many redirects is critical, and its output has the reason", async () => {
  const words: [string, string][] = [
    ["/nowhere", `Get "${base}/nowhere": 302 response missing Location header`],
    ["/loop", 'Get "/loop": stopped after 10 redirects'],
    ["/to-refused", 'Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused'],
    ["/to-ftp", 'Get "ftp://127.0.0.1/x": unsupported protocol scheme "ftp"'],
    [
      "/to-nonsense",
      `Get "${base}/to-nonsense": failed to parse Location header "http://[": parse "http://[": missing ']' in host`,
    ],
    ["/304", `HTTP GET ${base}/304: 304 Not Modified Output: `],
    ["/307", `HTTP GET ${base}/307: 307 Temporary Redirect Output: said`],
  ];
  for (const [path, output] of words) expect(await check(base + path)).toEqual({ status: "critical", output });
});

test("the output of an HTTP check has the address and the reason when the connection is refused", async () => {
  const refused = "dial tcp 127.0.0.1:1: connect: connection refused";
  expect(await check("http://127.0.0.1:1/x")).toEqual({
    status: "critical",
    output: `Get "http://127.0.0.1:1/x": ${refused}`,
  });
  expect((await check("http://localhost:1/x")).output).toBe(`Get "http://localhost:1/x": ${refused}`);
  expect((await check("https://localhost:1/x")).output).toBe(`Get "https://localhost:1/x": ${refused}`);
  const refusedV6 = 'Post "http://[::1]:1/x": dial tcp [::1]:1: connect: connection refused';
  expect((await check("http://[::1]:1/x", { method: "POST" })).output).toBe(refusedV6);
});

test("the output of an HTTP check has the reason when the host name does not resolve", async () => {
  const { status, output } = await check("http://no-such-name.invalid/x");
  expect(status).toBe("critical");
  expect(output).toStartWith('Get "http://no-such-name.invalid/x": dial tcp: lookup no-such-name.invalid: ');
  expect(output).toMatch(/(no such host|Temporary failure in name resolution)$/);
});

test("the output of an HTTP check has the reason when the service does not respond in time", async () => {
  const asked = new Promise<void>((resolve) => (onSilent = resolve));
  const method = methodOf(`${base}/silent`, { timeoutMs: 2_000 });
  const trial = new CheckTrial((options) => startHttpCheck(method, options));
  await trial.startRun();
  await asked;
  await trial.clock.advance(2_000);
  const words = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
  expect(await trial.result()).toEqual({ status: "critical", output: `Get "${base}/silent": ${words}` });
  trial.runner.stop();
  expect(trial.clock.timerCount).toBe(0);
});

test("the output of an HTTP check says that the connection timed out when the address does not accept it", async () => {
  const silent = await openUnacceptingPort();
  const url = `http://127.0.0.1:${silent.port}/x`;
  const trial = new CheckTrial((options) => startHttpCheck(methodOf(url), options));
  await trial.startRun();
  await trial.clock.advance(10_000);
  const words = `dial tcp 127.0.0.1:${silent.port}: i/o timeout (Client.Timeout exceeded while awaiting headers)`;
  expect((await trial.result()).output).toBe(`Get "${url}": ${words}`);
  trial.runner.stop();
  silent.close();
});

test("an HTTP check verifies the certificate unless it skips verification", async () => {
  for (const host of ["localhost", "127.0.0.1"]) {
    const url = `https://${host}:${tlsPort}/ok`;
    const output = `Get "${url}": x509: certificate signed by unknown authority`;
    expect(await check(url)).toEqual({ status: "critical", output });
    const skipped = await check(url, { tlsSkipVerify: true });
    expect(skipped).toEqual({ status: "passing", output: `HTTP GET ${url}: 200 OK Output: hello` });
  }
});

test("an HTTP check that skips verification accepts any certificate; others send nothing before the verification", async () => {
  const asked: string[] = [];
  const server = createTlsServer(otherCertificate, (request, response) => {
    asked.push(request.headers["x-secret"] === undefined ? "" : "secret");
    response.end("hello");
  });
  const url = `https://localhost:${await listen(server)}/`;
  const headers = { "X-Secret": ["s"] };
  expect((await check(url, { headers })).status).toBe("critical");
  expect(asked).toEqual([]);
  for (const each of [url, url.replace("localhost", "127.0.0.1")])
    expect((await check(each, { headers, tlsSkipVerify: true })).status).toBe("passing");
  expect(asked).toEqual(["secret", "secret"]);
});

test("the TLS server name of an HTTP check is the URL's host, whatever the header Host is; empty for an IP address", async () => {
  const greetings: string[] = [];
  const listening = await listenRaw((socket) => {
    socket.once("data", (greeting) => {
      greetings.push(greeting.toString("latin1"));
      socket.end();
    });
  });
  for (const host of ["localhost", "127.0.0.1"])
    await check(`https://${host}:${listening}/`, { headers: { Host: ["foo.bar"] } });
  expect(greetings.map((greeting) => /localhost|foo\.bar|127\.0\.0\.1/.exec(greeting)?.[0])).toEqual([
    "localhost",
    undefined,
  ]);
});

test("an HTTP check's request that exceeds the socket's buffer arrives complete, also with TLS", async () => {
  const body = "0123456789".repeat(1_000_000);
  for (const url of [`${base}/length`, `https://localhost:${tlsPort}/length`])
    expect((await check(url, { method: "PUT", body, tlsSkipVerify: true })).output).toEndWith(
      "200 OK Output: 10000000",
    );
});

test("the output of an HTTP check has the reason when the service resets the connection", async () => {
  const broken = await listenRaw((socket) => socket.once("data", () => socket.resetAndDestroy()));
  const url = `http://127.0.0.1:${broken}/`;
  expect((await check(url)).output).toBe(`Get "${url}": read: connection reset by peer`);
  const tls = await listenRaw((socket) => socket.once("data", () => socket.end()));
  expect((await check(`https://127.0.0.1:${tls}/`)).output).toBe(`Get "https://127.0.0.1:${tls}/": EOF`);
});

test("the output of an HTTP check has the reason when the check uses TLS and the server does not, or the reverse", async () => {
  const words = "http: server gave HTTP response to HTTPS client";
  expect((await check(`https://127.0.0.1:${port}/ok`)).output).toBe(`Get "https://127.0.0.1:${port}/ok": ${words}`);
  const skipped = await check(`https://127.0.0.1:${port}/ok`, { tlsSkipVerify: true });
  expect(skipped.output).toBe(`Get "https://127.0.0.1:${port}/ok": ${words}`);
  expect((await check(`http://127.0.0.1:${tlsPort}/ok`)).output).toBe(`Get "http://127.0.0.1:${tlsPort}/ok": EOF`);
});

test("the output of an HTTP check has the reason when the server closes the connection or does not speak HTTP", async () => {
  expect((await check(`${base}/hang-up`)).output).toBe(`Get "${base}/hang-up": EOF`);
  const url = `http://127.0.0.1:${await listenRaw((socket) => socket.end("SSH-2.0-x\r\n\r\n"))}/`;
  const broken = "net/http: HTTP/1.x transport connection broken: malformed HTTP response";
  expect((await check(url)).output).toBe(`Get "${url}": ${broken}`);
});

test("the output of an HTTP check has Go's error text when the definition's method, header or URL is invalid", async () => {
  const noScheme = "first path segment in URL cannot contain colon";
  expect((await check("127.0.0.1:80/ok")).output).toBe(`parse "127.0.0.1:80/ok": ${noScheme}`);
  expect((await check("http://127.0.0.1:x/")).output).toBe('parse "http://127.0.0.1:x/": invalid port ":x" after host');
  expect((await check("localhost:80/ok")).output).toBe(
    'Get "localhost:80/ok": unsupported protocol scheme "localhost"',
  );
  expect((await check(`${base}/ok`, { method: "G T" })).output).toBe('net/http: invalid method "G T"');
  expect((await check(`${base}/ok`, { headers: { "a b": ["x"] } })).output).toEndWith(
    'invalid header field name "a b"',
  );
  expect((await check(`${base}/ok`, { headers: { ab: ["x\ny"] } })).output).toEndWith(
    'invalid header field value for "ab"',
  );
});

test("stopping an HTTP check aborts a request under way", async () => {
  const asked = new Promise<void>((resolve) => (onSilent = resolve));
  const trial = new CheckTrial((options) => startHttpCheck(methodOf(`${base}/silent`), options));
  await trial.startRun();
  await asked;
  trial.runner.stop();
  await trial.clock.advance(100_000);
  expect([trial.results.length, trial.clock.timerCount]).toEqual([0, 0]);
});
