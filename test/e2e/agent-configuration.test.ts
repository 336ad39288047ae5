import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { connect } from "node:tls";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { localhostCertificate, otherCertificate } from "../support/certificates.ts";
import { freePorts } from "../support/free-ports.ts";

const sandbox = openSandbox();
const nodeId = "6a0f2e5c-7a1b-4c3d-9e8f-0123456789ab";
let agent: AgentProcess;
let httpsPort = 0;

const inFolder = (...names: string[]): string => join(sandbox.folder, ...names);

function write(path: string, text: string): string {
  const file = inFolder(path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** Starts an agent on the data folder of a Consul, with configuration files of every kind that occurs in practice. */
beforeAll(async () => {
  [httpsPort = 0] = await freePorts(1);
  write("data/raft/raft.db", "");
  write("data/serf/local.snapshot", "");
  write("data/node-id", nodeId);
  write("authorities/other", otherCertificate.cert);
  write(
    "conf/tls.hcl",
    `ports { https = ${httpsPort} } addresses { https = "127.0.0.1" } verify_incoming = true
    ca_path = "${inFolder("authorities")}" tls_min_version = "tls13"
    cert_file = "${write("cert.pem", localhostCertificate.cert)}" key_file = "${write("key.pem", localhostCertificate.key)}"`,
  );
  write("conf/json.hcl", '{"node_meta": {"line": "2"}, "services": [{"name": "mixer", "port": 7}]}');
  write("conf/sidecar.hcl", 'service {\n  name = "label-printer"\n  port = 9100\n  connect { sidecar_service {} }\n}');
  write("conf/null.json", '{"service": {"name": "flow-meter", "port": 4711, "tags": null, "check": null}}');
  write("conf/status.json", '{"check": {"id": "ups", "name": "UPS", "ttl": "1h", "status": "ok"}}');
  write("conf/bad.json", '{"services": [{"name": "oven", "port": "80"}, {"name": "press"}]}');
  const site = write(".site.json", '{"node_meta": {"hidden": "yes"}}');
  agent = await sandbox.start("-data-dir", inFolder("data"), "-config-dir", inFolder("conf"), "-config-file", site);
  await agent.ready();
});
afterAll(() => sandbox.close());

async function ask(path: string): Promise<unknown> {
  return (await agent.send("GET", path)).json;
}

describe("an agent on the data folder and configuration files of a Consul", () => {
  test("registers the valid definitions, and names the invalid ones in its log", async () => {
    expect(Object.keys((await ask("/v1/agent/services")) as object)).toEqual([
      "flow-meter",
      "label-printer",
      "label-printer-sidecar-proxy",
      "mixer",
      "press",
    ]);
    expect(await ask("/v1/agent/checks")).toMatchObject({ ups: { Status: "critical" } });
    const warnings = agent.output().match(/A definition cannot be used as it is: .*/g);
    expect(warnings).toEqual([
      expect.stringMatching(/where=\S*\/conf\/bad\.json:1:\d+ message="'services\[0\]\.port' expected type 'int'/),
      expect.stringMatching(/where=\S*\/conf\/status\.json:1:\d+ message="check .*status .*ok/),
    ]);
  });

  test("reads JSON in .hcl files, and a named file that begins with a dot", async () => {
    expect(await ask("/v1/agent/self")).toMatchObject({ Meta: { line: "2", hidden: "yes" } });
  });

  test("has its invalid definitions reported by praetor doctor", async () => {
    const { output } = await sandbox.run("doctor", "-http-addr", agent.url);
    expect(output).toContain("/conf/bad.json:1:");
    expect(output).toContain("'services[0].port' expected type 'int'");
  });

  test("rejects a reload, and changes nothing, while a definition is invalid", async () => {
    write("conf/new.json", '{"service": {"name": "comes"}}');
    const answer = await agent.send("PUT", "/v1/agent/reload");
    expect([answer.status, answer.text]).toEqual([500, expect.stringContaining("/conf/bad.json")]);
    write("conf/bad.json", '{"services": [{"name": "oven", "port": 80}, {"name": "press"}]}');
    expect((await agent.send("PUT", "/v1/agent/reload")).status).toBe(200);
    expect(Object.keys((await ask("/v1/agent/services")) as object)).toEqual(expect.arrayContaining(["comes", "oven"]));
    const { output } = await sandbox.run("doctor", "-http-addr", agent.url);
    expect(output).not.toContain("/conf/bad.json");
  });

  test("verifies clients of HTTPS with the CA certificates in the folder ca_path", async () => {
    expect([await isServed(otherCertificate), await isServed(localhostCertificate)]).toEqual([true, false]);
  });

  test("keeps the node id of that Consul, and logs how to import Consul's keys and services", async () => {
    expect(await ask("/v1/agent/self")).toMatchObject({ Config: { NodeID: nodeId } });
    expect(agent.output()).toMatch(
      /The data folder \S+ holds keys and services of Consul.*praetor import -from-consul=backup\.snap/,
    );
    expect(readdirSync(inFolder("data"))).toEqual(expect.arrayContaining(["node-id", "praetor.db", "raft", "serf"]));
  });
});

function isServed({ cert, key }: typeof otherCertificate): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port: httpsPort, rejectUnauthorized: false, cert, key });
    socket.on("secureConnect", () => socket.write("GET /v1/status/leader HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    socket.on("data", () => {
      resolve(true);
      socket.destroy();
    });
    socket.on("error", () => resolve(false)).on("close", () => resolve(false));
  });
}
