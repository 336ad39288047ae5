import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { explore } from "../support/fuzz/explore.ts";
import { answerMsMax } from "../support/fuzz/share.ts";
import { freePorts } from "../support/free-ports.ts";
import { type RawAnswer, rawExchange } from "../support/raw-exchange.ts";

/**
 * For any request to core-keeper's API, the agent answers within a second, reports no fault of its own, writes nothing
 * when it refuses the request, and can list the data that it accepted.
 */

const shortRuns = 2_000;
const sandbox = openSandbox();
let agent: AgentProcess;
let port: number;

beforeAll(async () => {
  [port = 0] = await freePorts(1);
  const data = ["-data-dir", join(sandbox.folder, "data"), "-log-level", "error"];
  agent = await sandbox.start(...data, "-keeper-port", String(port));
  await agent.ready();
});
afterAll(() => sandbox.close());

const methods = fc.constantFrom("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "get");
const paths = fc.constantFrom(
  ...["/api/v3/kvs/key/", "/api/v3/kvs/key/edgex/v4/a", "/api/v3/registry", "/api/v3/registry/all", "/api/v3/ping"],
  ...["/api/v3/registry/serviceId/", "/api/v3/registry/serviceId/web", "/api/v3/secret", "/api/v3/config", "/"],
);
/**
 * Generates words with a meaning on some endpoints, and words without any. The intervals among them are so long that no check
 * runs during the test.
 */
const word = fc.oneof(
  fc.constantFrom("web", "consul", "a/b", "..", "", "0", "true", "1h", "1d", "999999999d", "-1s", "UP", "HALT", "v3"),
  fc.constantFrom("http", "tcp", "ftp", "[::1]", "::1", "a b", "__proto__", "constructor", "\u0000", "\u2028", "😀"),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const path = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(paths, word).map(([start, rest]) => start + encodeURIComponent(rest.toWellFormed())),
  },
  { weight: 2, arbitrary: paths },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }).map((text) => `/api/v3/${text.replaceAll(/[^!-~]/g, "%")}`) },
);
const parameter = fc.tuple(fc.constantFrom("keyOnly", "plaintext", "flatten", "prefixMatch", "deregistered"), word);
const query = fc
  .array(parameter, { maxLength: 3 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join("&"));

const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: "small" },
    word,
    fc.constantFrom(null, true, 0, 80, -1, 1.5, 1e300, 70_000),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(word, fc.constantFrom("a", "b/c", "value")), tie("json"), { maxKeys: 3 }),
  ),
}));
const field = (name: string, likely: unknown): fc.Arbitrary<Record<string, unknown>> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constant({ [name]: likely }) },
    { weight: 1, arbitrary: json.map((value) => ({ [name]: value })) },
    { weight: 1, arbitrary: fc.constant({}) },
  );
const objectOf = (...fields: readonly fc.Arbitrary<Record<string, unknown>>[]): fc.Arbitrary<object> =>
  fc.tuple(...fields).map((parts) => Object.assign({}, ...parts) as object);
const healthCheck = objectOf(field("interval", "1h"), field("path", "/ping"), field("type", "http"));
const registration = fc
  .tuple(
    healthCheck,
    objectOf(field("serviceId", "web"), field("host", "127.0.0.1"), field("port", 9), field("status", "UP")),
  )
  .map(([check, others]) => ({ ...others, healthCheck: check }));
const registering = registration.map((value) => ({ apiVersion: "v3", registration: value }));
const secret = objectOf(
  field("apiVersion", "v3"),
  field("secretName", "s"),
  field("secretData", [{ key: "k", value: "v" }]),
);
const body = fc.oneof(
  json.map((value) => JSON.stringify({ value })),
  registering.map((value) => JSON.stringify(value)),
  secret.map((value) => JSON.stringify(value)),
  json.map((value) => JSON.stringify(value)),
  fc.string({ maxLength: 30 }),
  fc.constant(""),
);

function octetsOf(method: string, target: string, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const head = `${method} ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([new TextEncoder().encode(head), bytes]);
}

function ask(method: string, target: string, text = ""): Promise<RawAnswer | undefined> {
  const isHead = method === "HEAD";
  return rawExchange(port, octetsOf(method, target, text), { timeoutMs: answerMsMax, isHead });
}

const request = fc.record({ method: methods, path, query, text: body });

function targetOf(sent: { readonly path: string; readonly query: string }): string {
  return sent.query === "" ? sent.path : `${sent.path}?${sent.query}`;
}

const statuses = [200, 201, 204, 400, 403, 404, 405, 409, 413, undefined];

/** Returns all data in which a change would be visible. */
async function shown(): Promise<readonly (string | undefined)[]> {
  const [keys, services, consul] = await Promise.all([
    agent.send("GET", "/v1/kv/?recurse"),
    ask("GET", "/api/v3/registry/all?deregistered=true"),
    agent.send("GET", "/v1/agent/services"),
  ]);
  return [keys.text, services?.body.replaceAll(/"(?:created|modified)":\d+,/g, ""), consul.text];
}

test("any request to core-keeper's API is answered in time, and changes nothing when it is refused", async () => {
  await explore("keeper-request", {
    ...{ arbitrary: request, shortRuns },
    octetsOf: (sent) => octetsOf(sent.method, targetOf(sent), sent.text),
    async property(sent) {
      const before = await shown();
      const answer = await ask(sent.method, targetOf(sent), sent.text);
      expect(answer?.status).toBeOneOf(statuses);
      if ((answer?.status ?? 400) >= 400) expect(await shown()).toEqual(before);
      if ((answer?.status ?? 0) === 400 && answer?.body.startsWith("{"))
        expect(JSON.parse(answer.body)).toMatchObject({ apiVersion: "v3", statusCode: 400 });
    },
    async known(octets) {
      const isHead = Buffer.from(octets).toString("latin1").startsWith("HEAD");
      const answer = await rawExchange(port, octets, { timeoutMs: answerMsMax, isHead });
      expect(answer?.status).toBeOneOf(statuses);
    },
  });
  expect(agent.output()).not.toContain("fault of the agent");
  expect((await ask("GET", "/api/v3/ping"))?.status).toBe(200);
});

const name = fc.stringMatching(/^[a-zA-Z0-9_~;=.%-]{1,6}$/).filter((each) => each !== "." && each !== "..");
const scalar = fc.oneof(fc.string({ maxLength: 8 }), fc.boolean(), fc.integer(), fc.constantFrom(1.5, 1e21, 1e-7));
const { tree } = fc.letrec((tie) => ({
  tree: fc.dictionary(name, fc.oneof({ maxDepth: 3 }, scalar, fc.array(scalar, { maxLength: 2 }), tie("tree")), {
    minKeys: 1,
    maxKeys: 4,
  }),
}));

test("any object that is written in flattened form is read back leaf by leaf, and can be deleted", async () => {
  await explore("keeper-value", {
    ...{ arbitrary: tree, shortRuns },
    async property(value) {
      const key = "/api/v3/kvs/key/edgex/v4/fuzz";
      expect((await ask("PUT", `${key}?flatten=true`, JSON.stringify({ value })))?.status).toBe(200);
      const leaves = Object.fromEntries(leavesOf("edgex/v4/fuzz", value));
      const answer = await ask("GET", `${key}?plaintext=true`);
      const { response = [] } = JSON.parse(Buffer.from(answer?.body ?? "", "latin1").toString()) as {
        response?: { key: string; value: string }[];
      };
      expect(Object.fromEntries(response.map((each) => [each.key, each.value]))).toEqual(leaves);
      const deleted = await ask("DELETE", `${key}?prefixMatch=true`);
      expect(deleted?.status).toBe(Object.keys(leaves).length > 0 ? 200 : 404);
    },
  });
});

function leavesOf(key: string, value: unknown): [string, string][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return Object.entries(value).flatMap(([each, inner]) => leavesOf(`${key}/${each}`, inner));
  if (Array.isArray(value)) return [[key, goJson(value)]];
  return [[key, value === 1e21 ? "1000000000000000000000" : value === 1e-7 ? "0.0000001" : String(value)]];
}

/** Encodes a value as Go's JSON encoder does, which escapes <, >, & and Unicode's line separators. */
function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
