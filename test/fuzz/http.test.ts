import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { explore } from "../support/fuzz/explore.ts";
import { answerMsMax } from "../support/fuzz/share.ts";
import { type RawAnswer, rawExchange } from "../support/raw-exchange.ts";

/**
 * For any bytes, the agent answers or closes the connection within a second, reports no fault of its own, keeps its state when it
 * refuses the request, and continues to serve. Blocking queries are limited to 50 ms so that the deadline applies to them, too.
 */

const requestRuns = 1_200;
const octetRuns = 75_000;
const sandbox = openSandbox();
let agent: AgentProcess;
let port: number;

async function startAgent(folder = "data"): Promise<void> {
  const waits = ["-default-query-time", "50ms", "-max-query-time", "50ms"];
  agent = await sandbox.start("-data-dir", join(sandbox.folder, folder), "-ui", "-log-level", "error", ...waits);
  await agent.ready();
  port = Number(new URL(agent.url).port);
}

beforeAll(async () => {
  await startAgent();
  await agent.send("PUT", "/v1/kv/a/b", { body: "1" });
  await agent.send("PUT", "/v1/agent/service/register", { body: { Name: "web", Check: { TTL: "1h" } } });
});
afterAll(() => sandbox.close());

const paths = [
  ...["/v1/agent/check/deregister/", "/v1/agent/check/fail/", "/v1/agent/check/pass/", "/v1/agent/check/register"],
  ...["/v1/agent/check/update/", "/v1/agent/check/warn/", "/v1/agent/checks", "/v1/agent/health/service/id/"],
  ...["/v1/agent/health/service/name/", "/v1/agent/maintenance", "/v1/agent/members", "/v1/agent/reload"],
  ...["/v1/agent/self", "/v1/agent/service/", "/v1/agent/service/deregister/", "/v1/agent/service/maintenance/"],
  ...["/v1/agent/service/register", "/v1/agent/services", "/v1/catalog/datacenters", "/v1/catalog/deregister"],
  ...["/v1/catalog/node/", "/v1/catalog/node-services/", "/v1/catalog/nodes", "/v1/catalog/register"],
  ...["/v1/catalog/service/", "/v1/catalog/services", "/v1/health/checks/", "/v1/health/node/", "/v1/health/service/"],
  ...[
    "/v1/health/state/",
    "/v1/kv/",
    "/v1/query",
    "/v1/query/",
    "/v1/query/a/execute",
    "/v1/query/a/explain",
    "/v1/status/leader",
    "/v1/status/peers",
    "/ui/",
    "/",
    "/v1/",
    "/nowhere",
  ],
];
const parameters = [
  ...["index", "wait", "dc", "stale", "consistent", "cached", "max_stale", "pretty", "filter", "passing", "tag"],
  ...["near", "node-meta", "raw", "recurse", "keys", "separator", "flags", "cas", "acquire", "release", "enable"],
  ...["reason", "note", "format", "replace-existing-checks", "segment", "token", "ns"],
];
const fields = [
  ...["ID", "Name", "Service", "ServiceID", "CheckID", "Node", "Address", "Port", "Tags", "Meta", "Weights", "Check"],
  ...["Checks", "Passing", "Warning", "TTL", "Interval", "Timeout", "HTTP", "TCP", "GRPC", "Args", "ScriptArgs"],
  ...[
    "AliasNode",
    "AliasService",
    "Status",
    "Output",
    "Notes",
    "Header",
    "Method",
    "Body",
    "TaggedAddresses",
    "NodeMeta",
  ],
  ...["EnableTagOverride", "SkipNodeUpdate", "Datacenter", "Kind", "Proxy", "Connect", "Definition", "Token"],
  ...["DeregisterCriticalServiceAfter", "SuccessBeforePassing", "FailuresBeforeCritical", "OutputMaxSize", "name"],
];

/**
 * Generates words with a meaning on some endpoints, and words without any. The intervals among them are so long that no check
 * runs during the test.
 */
const word = fc.oneof(
  fc.constantFrom("web", "service:web", "node1", "consul", "serfHealth", "a/b", "any", "passing", "critical", "dc1"),
  fc.constantFrom(
    "",
    "0",
    "1",
    "-1",
    "18446744073709551616",
    "1e3",
    "true",
    "2000000h",
    "2562048h",
    "-5s",
    "h",
    "text",
  ),
  fc.constantFrom("http://127.0.0.1:1/", "127.0.0.1:1", "Name == web", 'Tags contains "a"', "((", "a matches `[`"),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "../..",
    "\u0000",
    "\u2028",
    "é",
    "😀",
    "\ud800",
    "a".repeat(5_000),
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
);

const encoded = word.map((text) => encodeURIComponent(text.toWellFormed()));
const broken = fc.constantFrom(
  "%",
  "%2",
  "%zz",
  "%00",
  "%ff",
  "%c3%28",
  "%2f",
  "%2F..",
  "//",
  ";",
  "&&",
  "=",
  "+",
  "?",
  "#",
);
const piece = fc.oneof({ weight: 4, arbitrary: encoded }, { weight: 1, arbitrary: broken });

const target = fc
  .record({
    path: fc.constantFrom(...paths),
    rest: fc.array(piece, { maxLength: 2 }),
    query: fc.array(fc.tuple(fc.oneof(fc.constantFrom(...parameters), piece), fc.option(piece)), { maxLength: 4 }),
  })
  .map(({ path, rest, query }) => {
    const pairs = query.map(([name, value]) => (value === null ? name : `${name}=${value}`));
    return `${path}${rest.join("/")}${pairs.length === 0 ? "" : `?${pairs.join("&")}`}`;
  });

const { value: nearly } = fc.letrec<{ value: unknown; scalar: unknown }>((tie) => ({
  scalar: fc.oneof(word, fc.boolean(), fc.constant(null), fc.double(), fc.integer(), fc.maxSafeInteger()),
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 3, arbitrary: tie("scalar") },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    { weight: 3, arbitrary: fc.dictionary(fc.constantFrom(...fields), tie("value"), { maxKeys: 6 }) },
  ),
}));

/** Generates keys of metadata, most of them valid. The generators from here on make bodies that pass the decoders. */
const key = fc.oneof({ weight: 9, arbitrary: fc.constantFrom("a", "rack-1", "B_2") }, { weight: 1, arbitrary: word });
const meta = fc.dictionary(key, word, { maxKeys: 2 });
const check = fc.oneof(
  fc.record({
    CheckID: word,
    Name: word,
    TTL: fc.constant("2000000h"),
    Status: fc.constantFrom("", "passing", "warning"),
  }),
  fc.record({ Name: word, HTTP: word, Interval: fc.constant("2000000h"), Header: fc.dictionary(word, fc.array(word)) }),
  fc.record({ Name: word, AliasService: word, AliasNode: word, Notes: word }),
);
const service = fc.record(
  {
    ...{ Name: word, ID: word, Address: word, Port: fc.nat(65_535), Tags: fc.array(word), Meta: meta },
    ...{ Check: check, Checks: fc.array(check, { maxLength: 3 }), EnableTagOverride: fc.boolean() },
    Weights: fc.record({ Passing: fc.nat(), Warning: fc.nat() }),
  },
  { requiredKeys: ["Name"] },
);
const catalogEntry = fc.record(
  {
    ...{ Node: word, Address: word, NodeMeta: meta, SkipNodeUpdate: fc.boolean() },
    Service: fc.record({ ID: word, Service: word, Tags: fc.array(word), Port: fc.nat(65_535), Meta: meta }),
    Check: fc.record({ CheckID: word, Name: word, Status: word, Output: word }),
  },
  { requiredKeys: ["Node", "Address"] },
);
const catalogTarget = fc.record({ Node: word, ServiceID: word, CheckID: word }, { requiredKeys: ["Node"] });

const body = fc.oneof(
  { weight: 6, arbitrary: nearly.map((value) => Buffer.from(JSON.stringify(value))) },
  { weight: 2, arbitrary: fc.json().map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.constant(Buffer.alloc(0)) },
);

const method = fc.constantFrom("GET", "PUT", "PUT", "DELETE", "POST", "HEAD", "OPTIONS", "PATCH");

/** Returns whether a request is safe here: it registers no check that would run or expire during the test. */
function isTame(text: string): boolean {
  return !/"(?:TTL|Interval)":"?(?!2000000h|2562048h)[\d.]/i.test(text);
}

interface Sent {
  readonly method: string;
  readonly target: string;
  readonly body: Uint8Array;
  readonly chunked: boolean;
}

const anyRequest: fc.Arbitrary<Sent> = fc.record({ method, target, body, chunked: fc.boolean() });

/** Generates requests that are likely to succeed. */
function bodyRequest(where: fc.Arbitrary<string>, content: fc.Arbitrary<unknown>): fc.Arbitrary<Sent> {
  const bytes = content.map((value) => Buffer.from(JSON.stringify(value)));
  return fc.record({ method: fc.constant("PUT"), target: where, body: bytes, chunked: fc.boolean() });
}

const register = fc.constantFrom("/v1/agent/service/register", "/v1/agent/service/register?replace-existing-checks");
const doable = fc.oneof(
  bodyRequest(register, service),
  bodyRequest(fc.constant("/v1/agent/check/register"), check),
  bodyRequest(fc.constant("/v1/catalog/register"), catalogEntry),
  bodyRequest(fc.constant("/v1/catalog/deregister"), catalogTarget),
  bodyRequest(
    encoded.map((name) => `/v1/kv/${name}`),
    word,
  ),
  bodyRequest(
    encoded.map((id) => `/v1/agent/check/update/${id}`),
    fc.record({ Status: word, Output: word }),
  ),
);

function requestOf({ method: verb, target: where, body: content, chunked }: Sent): Uint8Array {
  const framing = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${content.length}`;
  const head = Buffer.from(`${verb} ${where} HTTP/1.1\r\nHost: agent\r\n${framing}\r\n\r\n`, "latin1");
  if (!chunked) return Buffer.concat([head, content]);
  const chunk =
    content.length === 0 ? [] : [Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from("\r\n")];
  return Buffer.concat([head, ...chunk, Buffer.from("0\r\n\r\n")]);
}

/** Returns the index of the newest write. */
async function stateIndex(): Promise<number> {
  const self = (await agent.send("GET", "/v1/agent/self")).json as { Stats: { raft: { applied_index: string } } };
  return Number(self.Stats.raft.applied_index);
}

async function answerTo(request: Sent): Promise<RawAnswer | undefined> {
  const isHead = request.method === "HEAD";
  const answer = await rawExchange(port, requestOf(request), { timeoutMs: answerMsMax, isHead });
  expect(answer?.body).not.toContain("internal error");
  expect(answer?.status).toBeOneOf([200, 301, 400, 403, 404, 405, 413, 429, 500, 503]);
  return answer;
}

function mayChange(request: Sent, answer: RawAnswer | undefined): boolean {
  return (request.method === "PUT" || request.method === "DELETE") && answer?.status === 200;
}

async function expectNoChange(request: Sent): Promise<number> {
  await Bun.sleep(50);
  const before = await stateIndex();
  await answerTo(request);
  expect(await stateIndex()).toBe(before);
  return before;
}

/** Restarts the agent on the data that the test has written, and expects that it is healthy. */
async function expectHealthyAgain(): Promise<void> {
  agent.signal("SIGTERM");
  await agent.ended();
  await startAgent();
  await expectHealthy();
}

async function expectHealthy(): Promise<void> {
  expect((await agent.send("GET", "/v1/status/leader")).status).toBe(200);
  expect((await agent.send("PUT", "/v1/kv/after", { body: "1" })).text).toBe("true");
  expect((await agent.send("GET", "/v1/kv/after?raw")).text).toBe("1");
  expect(agent.output().match(/.*fault of the agent.*/g)).toBeNull();
}

test("any HTTP request on any path is answered, and a refused request changes nothing", async () => {
  let index = await stateIndex();
  const property = async (request: Sent): Promise<void> => {
    if (!isTame(Buffer.from(request.body).toString())) return;
    const answer = await answerTo(request);
    const before = index;
    index = await stateIndex();
    // Alias checks change a moment later, so a change counts only if a repeated request causes it again.
    if (index !== before && !mayChange(request, answer)) index = await expectNoChange(request);
  };
  const arbitrary = fc.oneof(anyRequest, doable);
  await explore("http-request", {
    arbitrary,
    property,
    shortRuns: requestRuns,
    octetsOf: requestOf,
    known: expectNoFault,
  });
  await expectHealthy();
  await expectHealthyAgain();
});

const garbage = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.concat([bytes, Buffer.from("\r\n\r\n")])),
  fc
    .record({
      verb: fc.constantFrom("GET", "PUT", "get", "", "NOPE", "GET GET", "CONNECT", "TRACE"),
      where: fc.oneof(target, word, fc.constantFrom("*", "http://agent/v1/kv/a", "http://", "//", "")),
      version: fc.constantFrom("HTTP/1.1", "HTTP/1.0", "HTTP/2", "HTTP/9.9", ""),
      headers: fc.array(
        fc.tuple(
          fc.constantFrom(
            "Host",
            "Content-Length",
            "Transfer-Encoding",
            "Expect",
            "Accept-Encoding",
            "Range",
            "X",
            "",
            ":",
          ),
          fc.oneof(word, fc.constantFrom("agent", "chunked", "0", "-1", "100-continue", "gzip;q=0", "a/b?", "[::1")),
        ),
        { maxLength: 4 },
      ),
    })
    .map(({ verb, where, version, headers }) => {
      const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
      return Buffer.from(`${verb} ${where} ${version}\r\n${lines.join("")}\r\n`);
    }),
);

/** Expects that the agent answers in time or closes the connection, and reports no fault. */
async function expectNoFault(octets: Uint8Array): Promise<void> {
  const isHead = /^head/i.test(Buffer.from(octets).toString());
  const answer = await rawExchange(port, octets, { timeoutMs: answerMsMax, isHead });
  expect(answer?.body ?? "").not.toContain("internal error");
  expect(answer?.status).not.toBe(502);
}

test("invalid bytes on an HTTP connection are answered or end the connection, and change nothing", async () => {
  // The agent is restarted, because alias checks of earlier tests would change late and raise the index.
  agent.signal("SIGTERM");
  await agent.ended();
  await startAgent("untouched");
  const before = await stateIndex();
  const property = async (octets: Buffer): Promise<void> => {
    // The agent may wait for a client that announces a body and sends none.
    if (/content-length: *[1-9]|transfer-encoding|^put/im.test(octets.toString("latin1"))) return;
    await expectNoFault(octets);
  };
  await explore("http-octets", {
    arbitrary: garbage,
    property,
    shortRuns: octetRuns,
    octetsOf: (octets) => octets,
    known: expectNoFault,
  });
  expect(await stateIndex()).toBe(before);
  await expectHealthy();
});

test("HTTP heads and bodies beyond every size limit are refused", async () => {
  const before = await stateIndex();
  const long = "x".repeat(100_000);
  const heads = [`GET /v1/kv/${long}`, `GET /v1/kv/a?${long}`].map((line) => `${line} HTTP/1.1\r\nHost: agent\r\n\r\n`);
  const headers = `GET /v1/kv/a HTTP/1.1\r\nHost: agent\r\nX: ${long}\r\n\r\n`;
  for (const head of [...heads, headers, headers.replace("X: ", "X: a\r\n".repeat(5_000))]) {
    const answer = await rawExchange(port, Buffer.from(head), { timeoutMs: answerMsMax });
    expect(answer === undefined || answer.status >= 400).toBe(true);
  }
  const large = Buffer.alloc(8_000_000, "[");
  for (const path of ["/v1/kv/a", "/v1/agent/service/register", "/v1/agent/check/update/x", "/v1/catalog/register"])
    for (const chunked of [false, true]) {
      const sent = requestOf({ method: "PUT", target: path, body: large, chunked });
      expect((await rawExchange(port, sent, { timeoutMs: answerMsMax }))?.status).toBe(413);
    }
  expect(await stateIndex()).toBe(before);
  await expectHealthy();
});
