import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { openSandbox } from "../support/agent-process.ts";
import { freePorts } from "../support/free-ports.ts";
import { Shell } from "../support/shell.ts";
import { programOf } from "../support/target.ts";

const sandbox = openSandbox();
const folder = join(sandbox.folder, "certificates");
mkdirSync(folder);
const [first = "", ...more] = programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor");
const shell = new Shell({ cwd: folder, env: {} });
const inFolder = (name: string): string => join(folder, name);
let address = "";

beforeAll(async () => {
  await shell.run(`praetor() { '${first}' ${more.map((word) => `'${word}'`).join(" ")} "$@"; }`);
  await shell.run("praetor tls ca create && praetor tls cert create -server && praetor tls cert create -cli");
  const [port] = await freePorts(1);
  address = `https://localhost:${port}`;
  const hcl = `ports { https = ${port} } verify_incoming = true ca_file = "${inFolder("consul-agent-ca.pem")}"
    cert_file = "${inFolder("dc1-server-consul-0.pem")}" key_file = "${inFolder("dc1-server-consul-0-key.pem")}"`;
  await (await sandbox.start("-dev", "-hcl", hcl)).ready();
});
afterAll(async () => {
  await shell.stop();
  await sandbox.close();
});

const clientFlags = "-client-cert=dc1-cli-consul-0.pem -client-key=dc1-cli-consul-0-key.pem";

test("an agent serves HTTPS with a generated certificate to clients with a certificate of the same authority", async () => {
  const output = await shell.run(`praetor members -http-addr=${address} -ca-file=consul-agent-ca.pem ${clientFlags}`);
  expect(output).toMatch(/^node1 +127\.0\.0\.1:\d+ +alive/m);
});

test("a client without the authority's certificate, or without its own certificate, cannot use the agent", async () => {
  expect(await shell.run(`praetor members -http-addr=${address} ${clientFlags}`)).toContain("certificate");
  const shownNone = await shell.run(`praetor members -http-addr=${address} -ca-file=consul-agent-ca.pem; echo $?`);
  expect(shownNone).toMatch(/Error retrieving members.*\n1\n$/s);
});

test("generated private keys are readable only by their owner", () => {
  for (const name of ["consul-agent-ca-key.pem", "dc1-server-consul-0-key.pem", "dc1-cli-consul-0-key.pem"])
    expect(statSync(inFolder(name)).mode & 0o777).toBe(0o600);
});
