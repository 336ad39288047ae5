import { afterAll, beforeAll, expect, test } from "bun:test";
import { generateKeyPairSync, sign } from "node:crypto";
import { wrongMax } from "../../src/http/logins/password-login.ts";
import type { AgentProcess } from "../support/agent-process.ts";
import { LoopbackServers } from "../support/loopback-servers.ts";
import { within } from "../support/within.ts";

const master = "6f1c2c1e-0000-4000-8000-00000000cafe";
const asMaster = { headers: { "X-Consul-Token": master } };
const all = await LoopbackServers.open();
let servers: AgentProcess[] = [];
let followers: AgentProcess[] = [];

afterAll(() => all.close());

beforeAll(async () => {
  const acl = `acl { enabled = true, default_policy = "deny", tokens { master = "${master}" } }`;
  servers = [2, 3, 4].map((number) => all.startOfThree(number, "-hcl", acl));
  await within(60_000, async () => {
    const said = await Promise.all(servers.map((each) => each.send("GET", "/v1/status/leader")));
    const leader = JSON.parse(said[0]?.text ?? "") as string;
    expect(said.every(({ text }) => text === `"${leader}"`) && leader !== "").toBe(true);
    followers = servers.filter(({ url }) => new URL(url).hostname !== leader.split(":")[0]);
    expect(followers).toHaveLength(2);
    for (const each of servers) expect((await each.send("GET", "/v1/acl/policies", asMaster)).status).toBe(200);
  });
});

function follower(at: number): AgentProcess {
  const found = followers[at];
  if (!found) throw new Error(`the cluster has no follower ${at}`);
  return found;
}

async function write(at: AgentProcess, path: string, body: object): Promise<void> {
  const { status, text } = await at.send("PUT", `/v1/${path}`, { ...asMaster, body: JSON.stringify(body) });
  expect([status, text]).toEqual([200, text]);
}

async function logIn(at: AgentProcess, method: string, bearer: string) {
  return at.send("POST", "/v1/acl/login", { body: JSON.stringify({ AuthMethod: method, BearerToken: bearer }) });
}

/** Expects that the token of a login holds at once at the server that has answered it. */
async function expectHolds(at: AgentProcess, method: string, bearer: string): Promise<void> {
  const { status, text } = await logIn(at, method, bearer);
  expect([status, text]).toEqual([200, text]);
  const { SecretID } = JSON.parse(text) as { SecretID: string };
  const self = await at.send("GET", "/v1/acl/token/self?stale", { headers: { "X-Consul-Token": SecretID } });
  expect([self.status, self.text]).toEqual([200, expect.stringContaining(`"AuthMethod":"${method}"`)]);
}

test("a login by a JSON Web Token through any server gives a token that holds there at once", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = publicKey.export({ type: "spki", format: "pem" });
  await write(follower(0), "acl/auth-method", { Name: "line", Type: "jwt", Config: { JWTValidationPubKeys: [pem] } });
  await write(follower(0), "acl/binding-rule", { AuthMethod: "line", BindType: "service", BindName: "web" });
  const claims = { exp: Math.floor(Date.now() / 1000) + 3_600, iat: 1, nbf: 1 };
  const parts = [{ alg: "ES256" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  const signature = sign("sha256", Buffer.from(parts.join(".")), { key: privateKey, dsaEncoding: "ieee-p1363" });
  const bearer = [...parts, signature.toString("base64url")].join(".");
  for (const server of servers) for (let each = 0; each < 5; each += 1) await expectHolds(server, "line", bearer);
  expect((await logIn(follower(0), "line", `${bearer}x`)).status).toBe(500);
});

test("a person logs in through any server, and wrong passwords are counted for all servers together", async () => {
  await write(follower(0), "acl/auth-method", { Name: "people", Type: "userpass" });
  await write(follower(1), "acl/binding-rule", { AuthMethod: "people", BindType: "service", BindName: "desk" });
  await write(follower(1), "praetor/acl/user", { AuthMethod: "people", Name: "anna", Password: "correct horse" });
  for (const server of servers) await expectHolds(server, "people", "anna:correct horse");
  const statuses: number[] = [];
  for (let at = 0; at < wrongMax; at += 1) {
    const server = servers[at % servers.length] ?? follower(0);
    statuses.push((await logIn(server, "people", `anna:guess ${at}`)).status);
  }
  expect(statuses).toEqual(statuses.map(() => 403));
  for (const server of servers) expect((await logIn(server, "people", "anna:another")).status).toBe(429);
});

test("the owner of a follower's data folder gets a new token from that follower", async () => {
  const at = follower(1);
  const number = Number(new URL(at.url).hostname.split(".")[3]);
  const { code, output } = await all.sandbox.run(
    ...["acl", "recover", `-data-dir=${all.folder(number)}`, `-http-addr=${at.url}`, "-format=json"],
  );
  expect([code, output]).toEqual([0, output]);
  const { SecretID } = JSON.parse(output) as { SecretID: string };
  const headers = { "X-Consul-Token": SecretID };
  for (const server of servers)
    expect((await server.send("PUT", "/v1/acl/token", { headers, body: "{}" })).status).toBe(200);
  const wrong = await all.sandbox.run(
    "acl",
    "recover",
    `-data-dir=${all.folder(number)}`,
    `-http-addr=${follower(0).url}`,
  );
  expect(wrong).toMatchObject({ code: 1, output: expect.stringContaining("has another data folder") });
});

test("a stopped server of a cluster makes no token of its own", async () => {
  const at = follower(1);
  const number = Number(new URL(at.url).hostname.split(".")[3]);
  at.signal("SIGTERM");
  await at.ended();
  const { code, output } = await all.sandbox.run(
    "acl",
    "recover",
    `-data-dir=${all.folder(number)}`,
    `-http-addr=${at.url}`,
  );
  expect([code, output]).toEqual([1, expect.stringContaining("are in its cluster: start its agent")]);
});
