import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { localhostCertificate, otherCertificate, type TestCertificate } from "../support/certificates.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
const definitions = join(sandbox.folder, "definitions");
const base = { log_level: "INFO", services: [{ name: "stays", check: { name: "life", ttl: "1h" } }] };
let agent: AgentProcess;

beforeAll(async () => {
  mkdirSync(definitions);
  write("base.json", base);
  agent = await sandbox.start("-data-dir", join(sandbox.folder, "data"), "-config-dir", definitions);
  await agent.ready();
});
afterAll(() => sandbox.close());

function write(name: string, content: unknown): void {
  writeFileSync(join(definitions, name), typeof content === "string" ? content : JSON.stringify(content));
}

async function services(): Promise<string[]> {
  return Object.keys((await agent.send("GET", "/v1/agent/services")).json as object).toSorted();
}

async function checks(): Promise<string[]> {
  return Object.keys((await agent.send("GET", "/v1/agent/checks")).json as object).toSorted();
}

/** Returns a function that returns the log lines written since `logFromNow` was called. */
function logFromNow(): () => string {
  const before = agent.output().length;
  return () => agent.output().slice(before);
}

/** Retries an expectation, because a signal has no response and log lines arrive through a pipe. */
const soon = (expectation: () => Promise<unknown>): Promise<unknown> => within(2_000, expectation);

const reload = (): ReturnType<AgentProcess["send"]> => agent.send("PUT", "/v1/agent/reload");
const hangUp = async (): Promise<void> => agent.signal("SIGHUP");

describe.each([
  ["SIGHUP", hangUp],
  ["PUT /v1/agent/reload", reload],
])("with %s", (_, apply: () => Promise<unknown>) => {
  test("a reload adds and removes the files' definitions, also in the catalog, and keeps all other definitions", async () => {
    await agent.send("PUT", "/v1/agent/service/register", { body: { Name: "by-api" } });
    await agent.send("PUT", "/v1/agent/check/pass/service:stays");
    const check = { name: "node", ttl: "1h" };
    write("more.json", { service: { name: "comes", check: { id: "own", name: "own", ttl: "1h" } }, check });
    await apply();
    await soon(async () => expect(await services()).toEqual(["by-api", "comes", "stays"]));
    await soon(async () => expect(await checks()).toEqual(["node", "own", "service:stays"]));
    expect((await agent.send("GET", "/v1/catalog/service/comes")).json).toHaveLength(1);

    unlinkSync(join(definitions, "more.json"));
    await apply();
    await soon(async () => expect(await services()).toEqual(["by-api", "stays"]));
    await soon(async () => expect(await checks()).toEqual(["service:stays"]));
    expect((await agent.send("GET", "/v1/catalog/service/comes")).text).toBe("[]");
    const [kept] = (await agent.send("GET", "/v1/health/checks/stays")).json as { Status: string }[];
    expect(kept?.Status).toBe("passing");
  });

  test("a reload changes the log level to the level in the configuration files", async () => {
    const said = logFromNow();
    write("level.json", { log_level: "DEBUG" });
    await apply();
    await soon(async () => {
      await reload();
      expect(said()).toContain("[DEBUG] agent: Definitions from files registered");
    });
    unlinkSync(join(definitions, "level.json"));
    await apply();
    await soon(async () => {
      const quiet = logFromNow();
      await reload();
      await Bun.sleep(20);
      expect(quiet()).toContain("[INFO]");
      expect(quiet()).not.toContain("[DEBUG]");
    });
  });

  test("a reload with an invalid file names the file and line of the error, and changes nothing", async () => {
    const before = [await services(), await checks()];
    write("bad.json", '{"service": {"name": "bad"},\n "log_levl": "DEBUG"}');
    const text = `failed to parse ${join(definitions, "bad.json")}: At 2:2: invalid config key log_levl; did you mean log_level?`;
    const said = logFromNow();
    await apply();
    await soon(async () => expect(said()).toContain(`error="${text}"`));
    expect(await reload()).toMatchObject({ status: 500, text });
    expect([await services(), await checks()]).toEqual(before);
    unlinkSync(join(definitions, "bad.json"));
  });

  test("a reload changes nothing when one definition cannot be registered", async () => {
    const before = [await services(), await checks()];
    const scripted = { name: "script", check: { args: ["true"], interval: "1m" } };
    write("base.json", { log_level: "DEBUG", services: [{ name: "first" }, scripted] });
    const said = logFromNow();
    await apply();
    await soon(async () => expect(said()).toContain('service \\"script\\": Scripts are disabled'));
    expect(await reload()).toMatchObject({
      status: 500,
      text: expect.stringMatching(
        /base\.json: At 1:\d+: service "script": Scripts are disabled on this agent; to enable/,
      ),
    });
    expect([await services(), await checks()]).toEqual(before);
    expect(said()).not.toContain("[DEBUG]");
    write("base.json", base);
  });
});

describe("a reload", () => {
  const files = { cert_file: join(sandbox.folder, "cert.pem"), key_file: join(sandbox.folder, "key.pem") };

  function store({ cert, key }: TestCertificate): void {
    writeFileSync(files.cert_file, cert);
    writeFileSync(files.key_file, key);
  }

  test("changes the node's metadata, in the agent and the catalog", async () => {
    const before = (await agent.send("GET", "/v1/catalog/nodes")).index;
    write("meta.json", { node_meta: { rack: "7" } });
    expect((await reload()).status).toBe(200);
    const Meta = { "consul-network-segment": "", rack: "7" };
    expect((await agent.send("GET", "/v1/agent/self")).json).toMatchObject({ Meta });
    const nodes = await agent.send("GET", "/v1/catalog/nodes?node-meta=rack:7");
    expect(nodes.json).toMatchObject([{ Node: "node1", Meta }]);
    expect(nodes.index).toBeGreaterThan(before);
    unlinkSync(join(definitions, "meta.json"));
    await reload();
    expect((await agent.send("GET", "/v1/catalog/nodes?node-meta=rack:7")).text).toBe("[]");
  });

  test("serves HTTPS with a new certificate of the same file name, or with the old one if the new one is unusable", async () => {
    const [port = 0] = await freePorts(1);
    store(localhostCertificate);
    const hcl = `ports { https = ${port} } cert_file = "${files.cert_file}" key_file = "${files.key_file}"`;
    const secured = await sandbox.start("-dev", "-hcl", hcl);
    await secured.ready();
    const shown = (): Promise<string> => certificateName(port);
    expect(await shown()).toBe("localhost");
    const held = fetch(`https://localhost:${port}/v1/kv/a?index=1&wait=10m`, { tls: { rejectUnauthorized: false } });
    await secured.send("PUT", "/v1/agent/reload");
    expect(await shown()).toBe("localhost");

    store(otherCertificate);
    expect((await secured.send("PUT", "/v1/agent/reload")).status).toBe(200);
    expect(await shown()).toBe("other.example");

    writeFileSync(files.key_file, "no key");
    const refused = await secured.send("PUT", "/v1/agent/reload");
    expect(refused.status).toBe(500);
    expect(refused.text).toBe(
      "Failed reloading tls configuration: Failed to load cert/key pair: " +
        `tls: failed to find any PEM data in key input (key_file ${files.key_file})`,
    );
    expect(await shown()).toBe("other.example");

    await secured.send("PUT", "/v1/kv/a", { body: "1" });
    expect((await held).status).toBe(200);
    secured.signal("SIGTERM");
    await secured.ended();
  });

  test("with an unusable certificate changes nothing: services, checks, metadata, HTTPS and open connections stay", async () => {
    const [port = 0] = await freePorts(1);
    store(localhostCertificate);
    const config = join(sandbox.folder, "tls.json");
    const configure = (name: string, more: object): void =>
      writeFileSync(
        config,
        JSON.stringify({
          ...{ ports: { https: port }, ...files, ...more, node_meta: { name } },
          service: { name, port: 1, check: { ttl: "1h" } },
        }),
      );
    configure("first", {});
    const secured = await sandbox.start("-dev", "-config-file", config);
    await secured.ready();
    await secured.send("PUT", "/v1/agent/service/register", { body: JSON.stringify({ Name: "by-api" }) });
    const state = async (): Promise<unknown> => [
      (await secured.send("GET", "/v1/agent/services")).json,
      (await secured.send("GET", "/v1/agent/checks")).json,
      (await secured.send("GET", "/v1/catalog/nodes")).json,
      await certificateName(port),
    ];
    const before = await state();
    expect(JSON.stringify(before)).toContain("by-api");
    const held = fetch(`https://localhost:${port}/v1/kv/a?index=1&wait=10m`, { tls: { rejectUnauthorized: false } });

    for (const [more, reason] of [
      [{ cert_file: "/nope" }, "Failed to load cert/key pair: open /nope: no such file or directory"],
      [{ verify_incoming: true }, "VerifyIncoming set but no CA certificates were provided"],
      [{ verify_outgoing: true }, "VerifyOutgoing set, and no CA certificate provided!"],
      [{ ca_file: "/nope" }, "Error loading from /nope: open /nope: no such file or directory"],
    ] as const) {
      configure("second", more);
      const refused = await secured.send("PUT", "/v1/agent/reload");
      expect([refused.status, refused.text]).toEqual([500, `Failed reloading tls configuration: ${reason}`]);
      expect(await state()).toEqual(before);
    }

    configure("second", {
      cert_file: join(sandbox.folder, "other.pem"),
      key_file: join(sandbox.folder, "other-key.pem"),
    });
    writeFileSync(join(sandbox.folder, "other.pem"), otherCertificate.cert);
    writeFileSync(join(sandbox.folder, "other-key.pem"), otherCertificate.key);
    expect((await secured.send("PUT", "/v1/agent/reload")).status).toBe(200);
    expect(await certificateName(port)).toBe("other.example");
    expect(Object.keys((await secured.send("GET", "/v1/agent/services")).json as object)).toEqual(["by-api", "second"]);
    await secured.send("PUT", "/v1/kv/a", { body: "1" });
    expect((await held).status).toBe(200);
    secured.signal("SIGTERM");
    await secured.ended();
  });
});

/** Opens a TLS connection and returns the common name of the server's certificate. */
async function certificateName(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
    resolve(String(socket.getPeerCertificate().subject.CN));
    socket.end();
  });
  socket.on("error", reject);
  return promise;
}

test("many concurrent reloads end with the newest content of the configuration files", async () => {
  for (let round = 0; round < 5; round += 1) {
    write("more.json", { services: [{ name: `round-${round}` }] });
    agent.signal("SIGHUP");
    void reload();
  }
  await reload();
  await soon(async () => expect(await services()).toEqual(["by-api", "round-4", "stays"]));
});
