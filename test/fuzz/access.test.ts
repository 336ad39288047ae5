import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { State } from "../../src/state/state.ts";
import { type AclServer, startAclServer } from "../support/acl-server.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeRandom } from "../support/fake-random.ts";
import { explore } from "../support/fuzz/explore.ts";
import { mutate } from "../support/fuzz/mutator.ts";
import { answerMsMax } from "../support/fuzz/share.ts";
import { readCorpus } from "../support/fuzz/watched-fuzz.ts";
import { type RawAnswer, rawExchange } from "../support/raw-exchange.ts";

/**
 * For any request to access control's endpoints, the agent answers or closes the connection within a second and reports no fault
 * of its own. A request whose token does not exist, or gives no right, changes nothing, and neither does a login with a token
 * that its issuer has not signed. A caller without a token stays without rights.
 */

const requestRuns = 1_500;
const bodyRuns = 1_000;
const loginRuns = 700;
const minuteMs = 60_000;

const ids = ["5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0001", "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0002"] as const;
const [powerless, accessor] = ids;
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const publicPem = publicKey.export({ type: "spki", format: "pem" });

const clock = new FakeClock();
let server: AclServer;
let port: number;
let master = "";
let policy = "";

beforeAll(async () => {
  server = await startAclServer({ clock });
  port = Number(new URL(server.url).port);
  await server.store.submit({ type: "acl-initialize", master: undefined, nowMs: clock.wallMs() });
  master = (await put<{ SecretID: string }>("/v1/acl/bootstrap")).SecretID;
  policy = (await put<{ ID: string }>("/v1/acl/policy", { Name: "p", Rules: 'key "a" { policy = "read" }' })).ID;
  await put("/v1/acl/role", { Name: "r", Policies: [{ ID: policy }] });
  await put("/v1/acl/token", { AccessorID: accessor, SecretID: powerless, Policies: [{ ID: policy }] });
  await allowLogins();
});
afterAll(() => server.stop());

/** Creates the auth method and its binding rule, which a test can have changed or deleted. */
async function allowLogins(): Promise<void> {
  await put("/v1/acl/auth-method", { Name: "j", Type: "jwt", Config: { JWTValidationPubKeys: [publicPem] } });
  await put("/v1/acl/binding-rule", { AuthMethod: "j", BindType: "service", BindName: "web" });
}

async function put<T>(path: string, body: object = {}): Promise<T> {
  const headers = { "X-Consul-Token": master };
  const answer = await fetch(server.url + path, { method: "PUT", headers, body: JSON.stringify(body) });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** The endpoints by method, and the file of the corpus with a body that the endpoint takes, if it takes one. */
const endpoints: readonly (readonly [method: string, path: string, example?: string | undefined])[] = [
  ...["bootstrap", "logout", "create", "update", "destroy/", "clone/"].map(
    (name) => ["PUT", `/v1/acl/${name}`] as const,
  ),
  ...["tokens", "token/", "token/self", "policies", "policy/", "policy/name/", "roles", "role/", "role/name/"].map(
    (name) => ["GET", `/v1/acl/${name}`] as const,
  ),
  ...["auth-methods", "auth-method/", "binding-rules", "binding-rule/", "info/", "list", "rules/translate/"].map(
    (name) => ["GET", `/v1/acl/${name}`] as const,
  ),
  ...["token/", "policy/", "role/", "binding-rule/", "auth-method/"].map(
    (name) => ["DELETE", `/v1/acl/${name}`] as const,
  ),
  ...(["token", "token/", "policy", "policy/"] as const).map(
    (name) => ["PUT", `/v1/acl/${name}`, name.split("/")[0]] as const,
  ),
  ...[["PUT", "/v1/acl/role", "token"] as const, ["PUT", "/v1/acl/role/", "token"] as const],
  ...[["PUT", "/v1/acl/auth-method", "method"] as const, ["PUT", "/v1/acl/auth-method/", "kubernetes"] as const],
  ...[["PUT", "/v1/acl/binding-rule", "rule"] as const, ["PUT", "/v1/acl/binding-rule/", "rule"] as const],
  ...[["PUT", "/v1/acl/create", "policy"] as const, ["PUT", "/v1/acl/update", "policy"] as const],
  ...[["POST", "/v1/acl/login", "login"] as const, ["POST", "/v1/acl/logout"] as const],
  ...[["POST", "/v1/acl/rules/translate", "rules"] as const, ["GET", "/v1/acl/replication"] as const],
  ["POST", "/v1/internal/acl/authorize", "authorize"],
];

/** Generates octets that a header can hold, and octets that it cannot. */
const oddOctets = fc.oneof(
  fc.constantFrom("", " ", "root", "anonymous", "allow", "deny", "management", "agent-master", "null", "%00", "\u00e9"),
  fc.constantFrom("\0", "\u0001", "\u007f", "\u00ff\u00fe", '{"a":1}', "a,b", "[]", "__proto__", "x".repeat(5_000)),
  fc.string({ unit: "binary-ascii", maxLength: 40 }).map((text) => text.replaceAll(/[\r\n]/g, "")),
  fc.uint8Array({ maxLength: 40 }).map((octets) =>
    Buffer.from(octets)
      .toString("latin1")
      .replaceAll(/[\r\n]/g, ""),
  ),
  fc.constant(powerless),
);
const tokenHeader = fc.tuple(
  fc.constantFrom(
    "X-Consul-Token: ",
    "x-consul-token:",
    "Authorization: Bearer ",
    "Authorization: bearer\t",
    "Authorization: ",
  ),
  oddOctets,
);
const tokenQuery = oddOctets.map((text) => `?token=${encodeURIComponent(text)}`);
const rest = fc.oneof(
  fc.constantFrom("", ...ids, "p", "r", "j", "self", "%", "%ff", "..", "a/clone"),
  fc.string().map(encodeURIComponent),
);

const bodyWords = ["Rules", "ID", "Name", "Policies", "p", "r", "j", ...ids];

/** Generates bodies like one of the corpus, half of them changed in one place, and some of any octets. */
function bodiesLike(name: string | undefined): fc.Arbitrary<Uint8Array> {
  const corpus = readCorpus(name === "rules" ? "acl-rules" : "acl-body");
  const own = corpusNames.indexOf(name ?? "");
  const pool = own < 0 ? corpus : corpus.slice(own, own + 1);
  const like = fc.tuple(fc.nat(), fc.boolean()).map(([seed, isWhole]) => {
    const body = pool[seed % pool.length] ?? new Uint8Array();
    return isWhole ? body : mutate([body, body, ...corpus], bodyWords, new FakeRandom(seed));
  });
  return fc.oneof({ weight: 9, arbitrary: like }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) });
}

const corpusNames = readdirSync(join(import.meta.dir, "corpus/acl-body")).toSorted();

interface Sent {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

const requests: fc.Arbitrary<Sent> = fc.constantFrom(...endpoints).chain(([method, path, name]) =>
  fc.record({
    method: fc.oneof({ weight: 9, arbitrary: fc.constant(method) }, { weight: 1, arbitrary: fc.constant("PATCH") }),
    target: fc
      .tuple(rest, fc.oneof({ weight: 3, arbitrary: fc.constant("") }, { weight: 1, arbitrary: tokenQuery }))
      .map(([end, query]) => path + (path.endsWith("/") ? end : "") + query),
    headers: fc.array(tokenHeader, { maxLength: 3 }),
    body: method === "GET" ? fc.constant(new Uint8Array()) : bodiesLike(name),
  }),
);

function octetsOf({ method, target, headers, body }: Sent): Uint8Array {
  const lines = headers.map((header) => `${header.join("")}\r\n`).join("");
  const head = `${method} ${target} HTTP/1.1\r\nHost: agent\r\n${lines}Content-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}

/** Matches the words of a fault in the agent's own code. */
const faults = /internal error|TypeError|RangeError|SyntaxError|is not a function|Cannot read|undefined/;

async function exchange(octets: Uint8Array): Promise<RawAnswer | undefined> {
  // The limit of unknown tokens in a minute never holds here.
  clock.pause(minuteMs);
  const answer = await rawExchange(port, octets, { timeoutMs: answerMsMax });
  expect(answer?.body ?? "").not.toMatch(faults);
  expect(answer?.status).not.toBe(502);
  return answer;
}

async function expectUnchanged(octets: Uint8Array, before: State): Promise<void> {
  await exchange(octets);
  expect(server.store.state).toBe(before);
}

/** Expects that a caller without a token, or with one that gives no right, may read nothing of access control. */
async function expectGuarded(tokens: readonly string[] = ["", "unknown", powerless]): Promise<void> {
  for (const token of tokens) {
    clock.pause(minuteMs);
    const answer = await fetch(`${server.url}/v1/acl/tokens`, { headers: { "X-Consul-Token": token } });
    expect(answer.status).toBe(403);
    await answer.text();
  }
  expect(server.log.filter((line) => /fault of the agent/.test(line))).toEqual([]);
}

test("no request without rights changes access control's objects, whatever its token and body", async () => {
  const before = server.store.state;
  await explore("access-request", {
    arbitrary: requests,
    property: (sent) => expectUnchanged(octetsOf(sent), before),
    shortRuns: requestRuns,
    octetsOf,
    known: (octets) => expectUnchanged(octets, before),
  });
  await expectGuarded();
});

test("no body makes an endpoint of access control fail, and none gives rights to other callers", async () => {
  const writes = requests.map((sent) => ({ ...sent, headers: [["X-Consul-Token: ", master] as const] }));
  const isHarmless = ({ target }: Sent): boolean => !target.includes("token=");
  await explore("access-body", {
    arbitrary: writes.filter(isHarmless),
    property: (sent) => exchange(octetsOf(sent)),
    shortRuns: bodyRuns,
  });
  // A body can have given the other token rights.
  await expectGuarded(["", "unknown"]);
});

function part(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

/** Returns a JSON Web Token that is valid for an hour from now, signed with the private key. */
function webToken(header: object = {}, claims: object = {}): string {
  const expires = Math.floor(clock.wallMs() / 1_000) + 3_600;
  const text = `${part({ alg: "ES256", ...header })}.${part({ iss: "i", exp: expires, iat: expires - 7_200, ...claims })}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

async function login(token: string): Promise<number> {
  const body = Buffer.from(JSON.stringify({ AuthMethod: "j", BearerToken: token }));
  const answer = await exchange(octetsOf({ method: "POST", target: "/v1/acl/login", headers: [], body }));
  return answer?.status ?? 0;
}

/** Returns the octets that a token stands for. Base64 can write the same octets in several ways. */
function meaning(token: string): string {
  const parts = token.replaceAll(/\s/g, "").split(".");
  return parts.map((each) => Buffer.from(each, "base64url").toString("latin1")).join("\n");
}

async function expectRefused(token: string): Promise<void> {
  const before = server.store.state;
  expect(await login(token)).not.toBe(200);
  expect(server.store.state).toBe(before);
}

test("a login succeeds only with a token that its issuer has signed", async () => {
  await allowLogins();
  expect(await login(webToken())).toBe(200);
  const words = [".", "alg", "none", "HS256", part({ alg: "none" }), part({ alg: "HS256" }), "kid", "e30"];
  await explore("access-login", {
    arbitrary: fc.nat(),
    async property(seed) {
      const whole = webToken();
      const sent = Buffer.from(mutate([Buffer.from(whole)], words, new FakeRandom(seed))).toString();
      if (meaning(sent) !== meaning(whole)) await expectRefused(sent);
    },
    shortRuns: loginRuns,
  });
  await expectGuarded();
});

test("a login with a forged token is refused", async () => {
  await allowLogins();
  const [head = "", claims = ""] = webToken().split(".");
  const shared = `${part({ alg: "HS256" })}.${claims}`;
  const mac = createHmac("sha256", publicPem).update(shared).digest("base64url");
  const nested = JSON.stringify({ alg: "ES256", x: 0 }).replace("0", "[".repeat(10_000) + "]".repeat(10_000));
  const forged = [
    ...[`${part({ alg: "none" })}.${claims}.`, `${part({ alg: "None" })}.${claims}.e30`, `${shared}.${mac}`],
    ...[`${head}.${claims}.`, `${head}.${claims}`, "..", "", ".".repeat(1_000), `${head}.${claims}.${"A".repeat(86)}`],
    ...[
      `${part({ alg: ["ES256"] })}.${claims}.e30`,
      `${part({ alg: null })}.${claims}.e30`,
      `${part("[]")}.${claims}.e30`,
    ],
    ...[
      `${part(nested)}.${claims}.e30`,
      `${part({ alg: "ES256", jwk: publicKey.export({ format: "jwk" }) })}.${claims}.e30`,
    ],
    ...[webToken({}, { exp: 1 }), webToken({}, { aud: "x" }), webToken({ crit: ["x"], x: 1 })],
    ...[
      `${head}.${part("x".repeat(500_000))}.e30`,
      `${part({ alg: "ES256", kid: "k".repeat(500_000) })}.${claims}.e30`,
    ],
  ];
  for (const token of forged) await expectRefused(token);
  await expectGuarded();
});
