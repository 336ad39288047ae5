import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SignJWT } from "jose";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { newTestAuthority } from "../support/authority.ts";
import { SecretStore } from "../support/edgex-secure/secret-store.ts";
import { type Answer, exchange } from "../support/exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { KeeperConfigurationClient, KeeperRegistryClient } from "../support/keeper-client.ts";
import { registrationBody } from "../support/keeper.ts";

/*
 * core-keeper's API with the JWTs of EdgeX 4: by a published key set, by keys in a file, and by introspection.
 */

const sandbox = openSandbox();
const master = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0002";
const store = await SecretStore.open();
const [storeUrl, ownToken] = [store.url, store.login("core-keeper")];
const tokenFile = join(sandbox.folder, "secrets-token.json");
writeFileSync(tokenFile, JSON.stringify({ request_id: "1", auth: { client_token: ownToken, renewable: true } }));

afterAll(async () => {
  await sandbox.close();
  await store.close();
});
afterEach(() => (store.broken = undefined));

interface Guarded {
  readonly agent: AgentProcess;
  readonly ask: (bearer: string | undefined, request: string, body?: unknown) => Promise<Answer>;
}

async function startGuarded(jwt: string, more = ""): Promise<Guarded> {
  const [keeper = 0] = await freePorts(1);
  const acl = `acl { enabled = true default_policy = "deny" tokens { master = "${master}" } }`;
  const listening = `ports { keeper = ${keeper} } addresses { keeper = "127.0.0.1" }`;
  const agent = await sandbox.start(
    "-dev",
    "-log-level",
    "debug",
    "-hcl",
    `${acl} ${listening} edgex { jwt { ${jwt} } } ${more}`,
  );
  await agent.ready();
  return {
    agent,
    ask(bearer, request, body) {
      const [method = "", path = ""] = request.split(" ");
      const headers: Record<string, string> = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
      return exchange(`http://127.0.0.1:${keeper}`, method, { path: `/api/v3${path}`, headers, body });
    },
  };
}

const own = "/kvs/key/edgex/v4/core-data/Writable/LogLevel";
const common = "/kvs/key/edgex/v4/core-common-config-bootstrapper/all-services/Writable/LogLevel";
const neighbour = "/kvs/key/edgex/v4/core-data-2/Writable/LogLevel";
const unauthorized = [401, '{"message":"Unauthorized"}'] as const;
const seconds = (more: number): number => Math.floor(Date.now() / 1000) + more;

async function statusOf(answer: Promise<Answer>): Promise<number> {
  return (await answer).status;
}

/** Signs claims by any key and algorithm, with the key id of the secret store's key. */
function forged(key: KeyObject | Uint8Array, alg: string): Promise<string> {
  const kid = String(store.keys.at(-1)?.kid);
  const claims = { iss: store.issuer, aud: "edgex", name: "core-data", iat: seconds(0), exp: seconds(600) };
  return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(key);
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

/** Returns JWTs that no source may let in, by what is wrong with them. */
async function badTokens(): Promise<readonly (readonly [string, string])[]> {
  const good = await store.sign({ name: "core-data" });
  const [head = "", payload = "", signature = ""] = good.split(".");
  const published = createPublicKey({ key: { ...store.keys.at(-1) }, format: "jwk" });
  const pem = published.export({ type: "spki", format: "pem" });
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  const other = createPrivateKey(
    generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey.export({ type: "pkcs8", format: "pem" }),
  );
  return [
    ["expired a second ago", await store.sign({ name: "core-data", exp: seconds(-1), iat: seconds(-60) })],
    ["not yet valid", await store.sign({ name: "core-data", nbf: seconds(600) })],
    ["issued in the future", await store.sign({ name: "core-data", iat: seconds(600) })],
    ["without an end", await store.sign({ name: "core-data", exp: undefined })],
    ["of another issuer", await store.sign({ name: "core-data", iss: "/v1/identity/oidc/" })],
    ["without an issuer", await store.sign({ name: "core-data", iss: undefined })],
    ["for another audience", await store.sign({ name: "core-data", aud: "consul" })],
    ["without an audience", await store.sign({ name: "core-data", aud: undefined })],
    ["of an unknown key", await forged(other, "ES384")],
    ["with the algorithm none", `${encoded({ alg: "none", typ: "JWT" })}.${payload}.`],
    ["with the algorithm none and a signature", `${encoded({ alg: "None" })}.${payload}.${signature}`],
    ["signed with the public key as a secret", await forged(Buffer.from(pem), "HS256")],
    ["signed with the key set as a secret", await forged(Buffer.from(JSON.stringify(store.keys.at(-1))), "HS384")],
    ["with other claims", `${head}.${encoded({ ...claims, name: "core-command" })}.${signature}`],
    ["with another algorithm", `${encoded({ alg: "RS256" })}.${payload}.${signature}`],
    ["without a signature", `${head}.${payload}.`],
    ["not readable", "a.b.c"],
    ["for a name that is no key of a service", await store.sign({ name: "../core-command" })],
    ["for an empty name", await store.sign({ name: "" })],
    ["for a name that is a list", await store.sign({ name: ["core-data"] })],
  ];
}

const pemFile = join(sandbox.folder, "keys.pem");
writeFileSync(
  pemFile,
  store.keys
    .map((key) => createPublicKey({ key: { ...key }, format: "jwk" }).export({ type: "spki", format: "pem" }))
    .join("\n"),
);
const setFile = join(sandbox.folder, "keys.json");
writeFileSync(setFile, JSON.stringify({ keys: store.keys }));

// The files come first, since a later test changes the key.
const sources = {
  "a key set in a file": `keys = "${setFile}"`,
  "PEM keys in a file": `keys = "${pemFile}"`,
  "a key set at a URL": `keys = "${storeUrl}/v1/identity/oidc/.well-known/keys"`,
  introspection: `secret_store = "${storeUrl}/" token_file = "${tokenFile}"`,
};

/** An agent that asks the secret store, which several tests share. */
let introspecting: Guarded;
beforeAll(async () => {
  introspecting = await startGuarded(sources.introspection);
});

describe.each(Object.entries(sources))("core-keeper's API with JWTs by %s", (name, source) => {
  let guarded: Guarded;
  const ask: Guarded["ask"] = (...words) => guarded.ask(...words);
  const core = store.login("core-data");
  const jwt = (): Promise<string> => store.jwtOf(core, "core-data");

  beforeAll(async () => {
    guarded = name === "introspection" ? introspecting : await startGuarded(source);
  });

  test("lets a service write its own configuration, read the common one, and see no other", async () => {
    for (const path of [common, neighbour]) await ask(master, `PUT ${path}`, { value: "INFO" });
    expect(await statusOf(ask(await jwt(), `PUT ${own}`, { value: "DEBUG" }))).toBe(200);
    expect((await ask(await jwt(), `GET ${own}?plaintext=true`)).text).toContain('"DEBUG"');
    expect((await ask(await jwt(), `GET ${common}?plaintext=true`)).text).toContain('"INFO"');
    for (const request of [`PUT ${common}`, `PUT ${neighbour}`, `DELETE ${neighbour}`])
      expect([request, await statusOf(ask(await jwt(), request, { value: "X" }))]).toEqual([request, 403]);
    expect([403, 404]).toContain(await statusOf(ask(await jwt(), `GET ${neighbour}`)));
    const tree = (await ask(await jwt(), "GET /kvs/key/edgex/v4?keyOnly=true")).text;
    expect(tree).toContain("core-data/Writable");
    expect(tree).not.toContain("core-data-2");
    expect(await statusOf(ask(await jwt(), `DELETE ${own}`))).toBe(200);
  });

  test("lets a service register itself, find the others, and change none of them", async () => {
    const other = registrationBody({ serviceId: "core-command" });
    expect(await statusOf(ask(await jwt(), "POST /registry", registrationBody({ serviceId: "core-data" })))).toBe(201);
    expect(await statusOf(ask(await jwt(), "POST /registry", other))).toBe(403);
    expect(await statusOf(ask(master, "POST /registry", other))).toBe(201);
    expect((await ask(await jwt(), "GET /registry/all")).text).toContain("core-command");
    expect(await statusOf(ask(await jwt(), "DELETE /registry/serviceId/core-command"))).toBe(403);
    for (const id of ["core-data", "core-command"])
      expect(await statusOf(ask(master, `DELETE /registry/serviceId/${id}`))).toBe(204);
    expect(
      await statusOf(
        ask(await jwt(), "POST /secret", { apiVersion: "v3", secretName: "a", secretData: [{ key: "a", value: "b" }] }),
      ),
    ).toBe(403);
  });

  test("refuses each other JWT with core-keeper's 401, and changes nothing", async () => {
    for (const [why, bad] of await badTokens())
      for (const request of ["GET /version", `PUT ${own}`]) {
        const { status, text } = await ask(bad, request, request.startsWith("PUT") ? { value: "PLANTED" } : undefined);
        expect([why, request, status, text.trim()]).toEqual([why, request, ...unauthorized]);
      }
    expect((await ask(master, "GET /kvs/key/edgex?plaintext=true")).text).not.toContain("PLANTED");
  });

  test("takes a token of the agent as before, and answers ping to everybody", async () => {
    expect(await statusOf(ask(master, "GET /version"))).toBe(200);
    expect(await statusOf(ask(undefined, "GET /ping"))).toBe(200);
    expect(await statusOf(ask(undefined, "GET /version"))).toBe(401);
  });

  test("the log says why a JWT was refused, and holds no part of it, nor the agent's own token", async () => {
    const bad = await store.sign({ name: "core-data", aud: "consul" });
    await ask(bad, "GET /version");
    const output = guarded.agent.output();
    expect(output).toContain("aud claim does not match any bound audience");
    for (const part of [...bad.split("."), ownToken, master]) expect(output).not.toContain(part);
  });

  test("Consul's API takes no JWT", async () => {
    const headers = { "X-Consul-Token": await jwt() };
    const { status, text } = await guarded.agent.send("GET", "/v1/kv/edgex?recurse", { headers });
    expect([status, text]).toEqual([403, "ACL not found"]);
  });

  if (name === "introspection" || name.endsWith("URL"))
    test("a service goes on after the secret store has changed its key", async () => {
      await store.rotateKey();
      expect(await statusOf(ask(await jwt(), "GET /version"))).toBe(200);
    });
});

describe("a JWT's rights", () => {
  test("are also those of the role edgex-NAME, as long as it exists", async () => {
    const { agent, ask } = introspecting;
    const headers = { "X-Consul-Token": master };
    const put = (path: string, body: object): Promise<Answer> => agent.send("PUT", path, { headers, body });
    const person = await store.sign({ name: "operator" });
    expect(await statusOf(ask(person, `PUT ${own}`, { value: "1" }))).toBe(403);
    await put("/v1/acl/policy", { Name: "edgex-keys", Rules: `key_prefix "edgex/v4/" { policy = "write" }` });
    const role = (await put("/v1/acl/role", { Name: "edgex-operator", Policies: [{ Name: "edgex-keys" }] })).json;
    expect(await statusOf(ask(person, `PUT ${own}`, { value: "1" }))).toBe(200);
    expect(await statusOf(ask(await store.sign({ name: "Operator" }), `PUT ${own}`, { value: "1" }))).toBe(403);
    await agent.send("DELETE", `/v1/acl/role/${(role as { ID: string }).ID}`, { headers });
    expect(await statusOf(ask(person, `PUT ${own}`, { value: "1" }))).toBe(403);
  });

  test("belong to the subject of a JWT without a name", async () => {
    const { ask } = introspecting;
    const jwt = await store.sign({ sub: "core-data" });
    expect(await statusOf(ask(jwt, `PUT ${own}`, { value: "1" }))).toBe(200);
  });
});

describe("a secret store that is away", () => {
  test.each([
    ["is sealed", () => Response.json({ errors: ["Vault is sealed"] }, { status: 503 })],
    ["does not know the agent's token", () => Response.json({ errors: ["permission denied"] }, { status: 403 })],
    ["answers with an error", () => Response.json({ errors: ["internal"] }, { status: 500 })],
    ["answers with a page", () => new Response("<html>active: true</html>")],
    ["answers with an active that is no boolean", () => Response.json({ active: "true" })],
  ])("%s: refuses every JWT with 503, and is asked again later", async (_what, broken) => {
    const { agent, ask } = introspecting;
    const jwt = await store.sign({ name: "core-data" });
    store.broken = broken;
    const { status, json } = await ask(jwt, `PUT ${own}`, { value: "1" });
    const message = "JWTs cannot be checked now: the secret store, or the server of its keys, does not answer";
    expect([status, json]).toEqual([503, { apiVersion: "v3", message, statusCode: 503 }]);
    expect(await statusOf(ask(master, "GET /version"))).toBe(200);
    expect(agent.output()).toContain("JWTs cannot be checked");
    expect(agent.output()).not.toContain(ownToken);
    store.broken = undefined;
    expect(await statusOf(ask(jwt, `PUT ${own}`, { value: "1" }))).toBe(200);
  });

  test("does not listen: known keys go on, and nothing else does", async () => {
    const away = await SecretStore.open();
    const { ask } = await startGuarded(`keys = "${away.url}/v1/identity/oidc/.well-known/keys"`);
    const jwt = await away.sign({ name: "core-data" });
    expect(await statusOf(ask(jwt, "GET /version"))).toBe(200);
    const other = await store.sign({ name: "core-data" });
    await away.close();
    expect(await statusOf(ask(await away.sign({ name: "core-data" }), "GET /version"))).toBe(200);
    expect(await statusOf(ask(other, "GET /version"))).toBe(503);
  });
});

describe("introspection", () => {
  test("is asked once for a JWT, with the agent's own token, and not for one that cannot be valid", async () => {
    const { ask } = introspecting;
    const jwt = await store.sign({ name: "core-data" });
    const before = store.introspections();
    const answers = await Promise.all(Array.from({ length: 20 }, () => statusOf(ask(jwt, "GET /version"))));
    expect(new Set(answers)).toEqual(new Set([200]));
    expect(store.introspections() - before).toBe(1);
    expect(store.received.at(-1)).toEqual({ method: "POST", path: "/v1/identity/oidc/introspect", token: ownToken });
    await ask(await store.sign({ name: "core-data", exp: seconds(-1) }), "GET /version");
    await ask(await forged(Buffer.from("x".repeat(48)), "HS256"), "GET /version");
    expect(store.introspections() - before).toBe(1);
  });

  test("reads the agent's own token anew for each question, as EdgeX writes another at each start", async () => {
    const file = join(sandbox.folder, "changing-token");
    writeFileSync(file, "s.wrong\n");
    const { ask } = await startGuarded(`secret_store = "${storeUrl}" token_file = "${file}"`);
    const jwt = await store.sign({ name: "core-data" });
    expect(await statusOf(ask(jwt, "GET /version"))).toBe(503);
    writeFileSync(file, `${store.login("core-keeper")}\n`);
    expect(await statusOf(ask(jwt, "GET /version"))).toBe(200);
  });

  test("knows an entity that was disabled", async () => {
    const { ask } = introspecting;
    store.disabled.add("device-gone");
    expect(await statusOf(ask(await store.sign({ name: "device-gone" }), "GET /version"))).toBe(401);
  });

  test("over HTTPS trusts the configured authority alone", async () => {
    const authority = newTestAuthority();
    const caFile = join(sandbox.folder, "ca.pem");
    writeFileSync(caFile, authority.certificate);
    const secured = await SecretStore.open({ tls: authority.issue() });
    const file = join(sandbox.folder, "tls-token");
    writeFileSync(file, secured.login("core-keeper"));
    const base = `secret_store = "https://localhost:${secured.port}" token_file = "${file}"`;
    const jwt = await secured.sign({ name: "core-data" });
    const trusting = await startGuarded(`${base} ca_file = "${caFile}"`);
    expect(await statusOf(trusting.ask(jwt, "GET /version"))).toBe(200);
    const plain = await startGuarded(base);
    expect(await statusOf(plain.ask(jwt, "GET /version"))).toBe(503);
    expect(secured.introspections()).toBe(1);
    await secured.close();
  });
});

describe("EdgeX 4 in secure mode", () => {
  test("its services store their configuration, register, find each other and leave, with a new JWT for each request", async () => {
    const { ask } = introspecting;
    await ask(master, "DELETE /kvs/key/edgex?prefixMatch=true");
    const asService = (key: string): ((request: string, body?: unknown) => Promise<Answer>) => {
      const token = store.login(key);
      return async (request, body) => ask(await store.jwtOf(token, key), request, body);
    };
    const clientsOf = (key: string) => {
      const send = asService(key);
      const place = { serviceKey: key, host: "127.0.0.1", port: 9, checkRoute: "/api/v3/ping", checkInterval: "1h" };
      return {
        configuration: new KeeperConfigurationClient(send, `edgex/v4/${key}`),
        registry: new KeeperRegistryClient(send, place),
        common: new KeeperConfigurationClient(send, "edgex/v4/core-common-config-bootstrapper/all-services"),
      };
    };
    const [bootstrapper, metadata, device] = ["core-common-config-bootstrapper", "core-metadata", "device-virtual"].map(
      clientsOf,
    );
    if (!bootstrapper || !metadata || !device) throw new Error("a service is missing");

    expect(await bootstrapper.common.hasConfiguration()).toBe(false);
    await bootstrapper.common.putConfiguration({ Writable: { LogLevel: "INFO" }, IsCommonConfigReady: true });
    for (const { configuration, registry, common: shared } of [metadata, device]) {
      expect(await registry.isAlive()).toBe(true);
      expect(await shared.getConfigurationValue("Writable/LogLevel")).toBe("INFO");
      expect(await configuration.hasConfiguration()).toBe(false);
      await configuration.putConfiguration({ Writable: { LogLevel: "DEBUG" }, Service: { Port: 59_881 } });
      expect(await configuration.getConfiguration()).toMatchObject({ Writable: { LogLevel: "DEBUG" } });
      await registry.register();
      expect(shared.putConfigurationValue("Writable/LogLevel", "TRACE")).rejects.toThrow("403");
    }
    expect(await device.registry.getServiceEndpoint("core-metadata")).toMatchObject({ port: 9 });
    expect((await device.registry.getAllServiceIds()).toSorted()).toEqual(["core-metadata", "device-virtual"]);
    await metadata.registry.unregister();
    expect(await device.registry.whyUnavailable("core-metadata")).toBe(" core-metadata service has been unregistered");
    await metadata.registry.register();
    expect(await device.registry.getAllServiceIds()).toContain("core-metadata");
  });
});

describe("the audit log", () => {
  test("names the service of a JWT with each key that it changed, and who was refused", async () => {
    const folder = join(sandbox.folder, "audit");
    const path = join(folder, "audit.json");
    mkdirSync(folder);
    const audit = `audit { enabled = true sink "file" { type = "file" path = "${path}" } }`;
    const { agent, ask } = await startGuarded(sources.introspection, audit);
    const jwt = await store.sign({ name: "core-data" });
    await ask(jwt, `PUT ${own}`, { value: "1" });
    await ask(jwt, `DELETE ${neighbour}`);
    await ask(`${jwt}x`, "GET /version");
    agent.signal("SIGINT");
    await agent.ended();
    const text = readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), "utf8"))
      .join("");
    for (const part of jwt.split(".")) expect(text).not.toContain(part);
    const payloads = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => (JSON.parse(line) as { payload: Record<string, unknown> }).payload)
      .filter(({ stage }) => stage === "OperationComplete");
    expect(payloads).toMatchObject([
      {
        auth: { accessor_id: "", description: "JWT of core-data" },
        response: { status: "200" },
        changes: [{ command: "kv-set-branch", key: "edgex/v4/core-data/Writable/LogLevel" }],
      },
      { auth: { description: "JWT of core-data" }, response: { status: "403" } },
      { auth: { accessor_id: "", description: "a token that does not exist" }, response: { status: "401" } },
    ]);
  });
});
