import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { newTestAuthority, type TestAuthority } from "../support/authority.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

const authority = newTestAuthority();

/** Writes an authority and a certificate that it issues. Returns the fields of the configuration that name them. */
function certificates(name: string, dnsName: string, from: TestAuthority = authority): object {
  const paths = { ca_file: `${name}-ca.pem`, cert_file: `${name}.pem`, key_file: `${name}-key.pem` };
  const at = (file: string): string => join(sandbox.folder, file);
  const { cert, key } = from.issue({ dnsNames: [dnsName, "localhost"] });
  writeFileSync(at(paths.ca_file), from.certificate);
  writeFileSync(at(paths.cert_file), cert);
  writeFileSync(at(paths.key_file), key);
  return Object.fromEntries(Object.entries(paths).map(([field, file]) => [field, at(file)]));
}

async function startServer(config: object): Promise<{ readonly agent: AgentProcess; readonly port: number }> {
  const [port = 0] = await freePorts(1);
  const words = ["-dev", "-node", "server", "-server-port", `${port}`, "-config-file", configFile("server", config)];
  const agent = await sandbox.start(...words);
  await agent.ready();
  return { agent, port };
}

async function startClient(name: string, port: number, config: object): Promise<AgentProcess> {
  const [httpPort = 0] = await freePorts(1);
  const ports = ["-http-port", `${httpPort}`, "-dns-port", "-1"];
  const own = ["-node", name, "-data-dir", join(sandbox.folder, `data-of-${name}`), "-bind", "127.0.0.1", ...ports];
  const joining = [
    "-retry-join",
    `127.0.0.1:${port}`,
    "-retry-interval",
    "1s",
    "-config-file",
    configFile(name, config),
  ];
  const agent = sandbox.startAt({ host: "127.0.0.1", port: httpPort }, ...own, ...joining);
  await agent.ready();
  return agent;
}

function configFile(name: string, config: object): string {
  const path = join(sandbox.folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(config));
  return path;
}

async function memberNames(agent: AgentProcess): Promise<readonly string[]> {
  const { json } = await agent.send("GET", "/v1/agent/members");
  return (json as readonly { readonly Name: string }[]).map(({ Name }) => Name).toSorted();
}

describe("agents without an encrypt key, whose certificates are verified", () => {
  test("join, and work together; a reload of the server changes the CA that the next connections need", async () => {
    const ofServer = { ...certificates("server", "server.dc1.consul"), verify_incoming: true };
    const { agent: server, port } = await startServer(ofServer);
    const verifying = { verify_server_hostname: true };
    const client = await startClient("client", port, { ...certificates("c", "client.dc1.consul"), ...verifying });
    await within(5_000, async () => expect(await memberNames(server)).toEqual(["client", "server"]));
    expect((await client.send("PUT", "/v1/kv/a", { body: "x" })).json).toBe(true);

    const stranger = newTestAuthority();
    await startClient("stranger", port, { ...certificates("s", "server.dc1.consul", stranger), ...verifying });
    await startClient("bare", port, { ca_file: join(sandbox.folder, "c-ca.pem"), verify_outgoing: true });
    await within(5_000, async () => expect(server.output()).toContain("the agent shows no certificate"));
    expect(await memberNames(server)).toEqual(["client", "server"]);

    configFile("server", { ...certificates("next", "server.dc1.consul", stranger), verify_incoming: true });
    expect((await server.send("PUT", "/v1/agent/reload")).status).toBe(200);
    await within(10_000, async () => expect(await memberNames(server)).toEqual(["client", "server", "stranger"]));
    expect((await client.send("PUT", "/v1/kv/a", { body: "y" })).json).toBe(true);
  });

  test("do not join a server whose certificate is that of a client agent", async () => {
    const ofServer = { ...certificates("false", "client.dc1.consul"), verify_incoming: true };
    const { agent: server, port } = await startServer(ofServer);
    const config = { ...certificates("strict", "client.dc1.consul"), verify_server_hostname: true };
    const client = await startClient("strict", port, config);
    await within(5_000, async () => expect(client.output()).toContain("is not one of a server of this datacenter"));
    expect(await memberNames(server)).toEqual(["server"]);
  });
});
