import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answer, exchange } from "../support/exchange.ts";
import { startTargetAs, type Target } from "../support/target.ts";
import { within } from "../support/within.ts";
import { issuerPublicKey, time, webToken } from "./access-control/scripts/web-tokens.ts";

const folder = mkdtempSync(join(tmpdir(), "acl-restart-"));
const file = join(folder, "acl.hcl");
const master = "3c3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0001";
const reader = "3c3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0002";
const unknown = "3c3f8f6c-6f0e-4a66-9e1c-0d4f0c6affff";

let target: Target;
let login: string;
let objects: readonly string[];

/** Writes the agent's configuration of access control. @param more fields of the block `acl` */
function configure(more: string): void {
  const tokens = `tokens { master = "${master}" agent = "${master}" }`;
  writeFileSync(file, `acl { default_policy = "deny" ${more} ${tokens} }`);
}

function send(token: string | undefined, request: string, body?: unknown, at: Target = target): Promise<Answer> {
  const [method = "", path = ""] = request.split(" ");
  return exchange(at.url, method, { path, body, headers: token === undefined ? {} : { "X-Consul-Token": token } });
}

async function statusOf(token: string | undefined, request: string): Promise<number> {
  return (await send(token, request)).status;
}

/** Sends a request of the preparation. */
async function done(token: string | undefined, request: string, body?: unknown): Promise<Answer> {
  const answer = await send(token, request, body);
  if (answer.status !== 200) throw new Error(`${request}: ${answer.status} ${answer.text}`);
  return answer;
}

/** Returns all objects of access control, with their indexes. */
async function listed(at: Target = target): Promise<readonly string[]> {
  const lists = ["tokens", "policies", "roles", "auth-methods", "binding-rules"];
  return Promise.all(lists.map(async (list) => (await send(master, `GET /v1/acl/${list}`, undefined, at)).text));
}

beforeAll(async () => {
  configure("enabled = true enable_token_persistence = true");
  target = await startTargetAs(master, ["-config-file", file]);
  await done(master, "PUT /v1/kv/a", "1");
  await done(master, "PUT /v1/acl/policy", { Name: "reader", Rules: 'key_prefix "" { policy = "read" }' });
  await done(master, "PUT /v1/acl/role", { Name: "r", Policies: [{ Name: "reader" }] });
  await done(master, "PUT /v1/acl/token", { SecretID: reader, Roles: [{ Name: "r" }] });
  const method = { Name: "jwt", Type: "jwt", Config: { JWTValidationPubKeys: [issuerPublicKey] } };
  await done(master, "PUT /v1/acl/auth-method", method);
  await done(master, "PUT /v1/acl/binding-rule", { AuthMethod: "jwt", BindType: "role", BindName: "r" });
  const body = { AuthMethod: "jwt", BearerToken: webToken({ exp: time(100) }) };
  login = ((await done(undefined, "POST /v1/acl/login", body)).json as { SecretID: string }).SecretID;
  await done(master, "PUT /v1/agent/token/default", { Token: reader });
  objects = await listed();
});
afterAll(async () => {
  await target.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function expectGuarded(): Promise<void> {
  expect(await listed()).toEqual(objects);
  for (const token of [master, reader, login]) expect(await statusOf(token, "GET /v1/kv/a")).toBe(200);
  expect(await statusOf(unknown, "GET /v1/kv/a")).toBe(403);
  expect(await statusOf(reader, "PUT /v1/kv/a")).toBe(403);
  expect((await send(undefined, "PUT /v1/acl/bootstrap")).text).toStartWith(
    "Permission denied: ACL bootstrap no longer",
  );
}

describe("access control after a restart", () => {
  test("has the same objects after kill -9, and the default token that a request gave", async () => {
    await target.restart("SIGKILL");
    await expectGuarded();
    expect(await statusOf(undefined, "GET /v1/kv/a")).toBe(200);
    expect(await statusOf(undefined, "PUT /v1/kv/a")).toBe(403);
  });

  test("does not use that token without enable_token_persistence, and uses it again with it", async () => {
    configure("enabled = true");
    await target.restart();
    await expectGuarded();
    expect(await statusOf(undefined, "GET /v1/kv/a")).toBe(403);
    configure("enabled = true enable_token_persistence = true");
    await target.restart();
    expect(await statusOf(undefined, "GET /v1/kv/a")).toBe(200);
  });

  test("is off when it is turned off, and loses nothing until it is turned on again", async () => {
    configure("enabled = false enable_token_persistence = true");
    await target.restart();
    for (const token of [undefined, master, unknown]) {
      expect(await statusOf(token, "GET /v1/kv/a")).toBe(200);
      expect(await statusOf(token, "PUT /v1/kv/b")).toBe(200);
      const answer = await send(token, "GET /v1/acl/tokens");
      expect([answer.status, answer.text]).toEqual([401, "ACL support disabled"]);
    }
    configure("enabled = true enable_token_persistence = true");
    await target.restart();
    await expectGuarded();
  });
});

test("a snapshot brings its tokens to another server, whose own tokens are gone", async () => {
  const snapshot = (await done(master, "GET /v1/snapshot")).bytes;
  const other = await startTargetAs(undefined, ["-hcl", "acl { enabled = true }"]);
  try {
    const made = await send(undefined, "PUT /v1/acl/bootstrap", undefined, other);
    const own = (made.json as { SecretID: string }).SecretID;
    const refused = await send(unknown, "PUT /v1/snapshot", snapshot, other);
    expect([refused.status, refused.text]).toEqual([403, "ACL not found"]);
    expect((await send(own, "PUT /v1/snapshot", snapshot, other)).status).toBe(200);
    await within(10_000, async () => {
      const read = await send(reader, "GET /v1/kv/a", undefined, other);
      if (read.status !== 200) throw new Error(read.text);
    });
    const [lost, bootstrap] = await Promise.all([
      send(own, "GET /v1/kv/a", undefined, other),
      send(undefined, "PUT /v1/acl/bootstrap", undefined, other),
    ]);
    expect([lost.status, lost.text]).toEqual([403, "ACL not found"]);
    expect(bootstrap.text).toStartWith("Permission denied: ACL bootstrap no longer allowed (reset index: ");
    expect(await listed(other)).toEqual(objects);
  } finally {
    await other.stop();
  }
});
