import { afterAll, describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { newTestAuthority } from "../support/authority.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

const withinMs = 20_000;
const authority = newTestAuthority();
const caFile = writeText("ca.pem", authority.certificate);
const certificates = serverCertificates();

function writeText(name: string, text: string): string {
  const path = join(sandbox.folder, name);
  writeFileSync(path, text);
  return path;
}

function serverCertificates(): object {
  const { cert, key } = authority.issue({ dnsNames: ["server.dc1.consul", "localhost"] });
  return { ca_file: caFile, cert_file: writeText("server.pem", cert), key_file: writeText("server-key.pem", key) };
}

interface Place {
  readonly httpPort: number;
  readonly serverPort: number;
}

async function newPlace(): Promise<Place> {
  const [httpPort = 0, serverPort = 0] = await freePorts(2);
  return { httpPort, serverPort };
}

/** Starts a server that signs and verifies certificates, on a data folder of that name. */
async function startServer(name: string, { httpPort, serverPort }: Place, more: object = {}): Promise<AgentProcess> {
  const signing = { ...certificates, verify_incoming_rpc: true, auto_encrypt: { allow_tls: true } };
  const config = writeText(`${name}.json`, JSON.stringify({ ...signing, ...more }));
  const words = ["-server", "-bootstrap", "-node", name, "-bind", "127.0.0.1", "-data-dir", join(sandbox.folder, name)];
  const ports = ["-http-port", `${httpPort}`, "-server-port", `${serverPort}`, "-dns-port", "-1"];
  const agent = sandbox.startAt({ host: "127.0.0.1", port: httpPort }, ...words, ...ports, "-config-file", config);
  await agent.ready();
  return agent;
}

interface Client {
  readonly agent: AgentProcess;
  readonly httpsPort: number;
}

async function startClient(name: string, { serverPort }: Place, config: object): Promise<Client> {
  const [httpPort = 0, httpsPort = 0] = await freePorts(2);
  const ports = ["-http-port", `${httpPort}`, "-https-port", `${httpsPort}`, "-dns-port", "-1"];
  const own = ["-node", name, "-data-dir", join(sandbox.folder, name), "-bind", "127.0.0.1"];
  const file = writeText(`${name}.json`, JSON.stringify(config));
  const joining = ["-retry-join", `127.0.0.1:${serverPort}`, "-retry-interval", "1s", "-config-file", file];
  const agent = sandbox.startAt({ host: "127.0.0.1", port: httpPort }, ...own, ...ports, ...joining);
  await agent.ready();
  return { agent, httpsPort };
}

async function memberNames(agent: AgentProcess): Promise<readonly string[]> {
  const { json } = await agent.send("GET", "/v1/agent/members");
  return (json as readonly { readonly Name: string; readonly Status: number }[])
    .filter(({ Status }) => Status === 1)
    .map(({ Name }) => Name)
    .toSorted();
}

/** Resolves with the certificate that a port of HTTPS shows. The port is closed for a moment while it gets another certificate. */
function shownAt(port: number): Promise<X509Certificate> {
  return within(withinMs, () => shownNow(port));
}

function shownNow(port: number): Promise<X509Certificate> {
  const { promise, resolve, reject } = Promise.withResolvers<X509Certificate>();
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
    resolve(new X509Certificate(socket.getPeerCertificate().raw));
    socket.destroy();
  });
  socket.on("error", reject);
  return promise;
}

describe("a client agent with auto_encrypt.tls", () => {
  test("gets a certificate as Consul 1.8.7's, links with it, shows it on HTTPS, and works while the server is away", async () => {
    const place = await newPlace();
    const server = await startServer("signer", place);
    const auto_encrypt = { tls: true, dns_san: ["web.example"], ip_san: ["10.1.2.3"] };
    const { agent, httpsPort } = await startClient("cli", place, { ca_file: caFile, auto_encrypt });
    await within(withinMs, async () => expect(await memberNames(server)).toEqual(["cli", "signer"]));
    expect((await agent.send("PUT", "/v1/kv/a", { body: "x" })).json).toBe(true);

    const shown = await shownAt(httpsPort);
    // Consul 1.8.7 shows the same names, in this order, and the same purposes and times.
    const names = shown.subjectAltName?.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID");
    expect(names).toBe(
      "DNS:localhost, DNS:web.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:10.1.2.3, " +
        "URI:spiffe://UUID.consul/agent/client/dc/dc1/id/cli",
    );
    expect(shown.subject).toMatch(/^CN=cli\.agnt\.[0-9a-f]{8}\.consul$/);
    expect(shown.issuer).toMatch(/^CN=pri-[0-9a-z]{8}\.consul\.ca\.[0-9a-f]{8}\.consul$/);
    expect(shown.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"]);
    expect(shown.validToDate.getTime() - shown.validFromDate.getTime()).toBe(72 * 3_600_000);
    expect(shown.ca).toBe(false);

    // Others still need a certificate.
    await startClient("bare", place, { ca_file: caFile, verify_outgoing: true });
    await within(withinMs, async () => expect(server.output()).toContain("the agent shows no certificate"));
    expect(await memberNames(server)).toEqual(["cli", "signer"]);

    server.signal("SIGKILL");
    await server.ended();
    expect((await agent.send("GET", "/v1/agent/services")).json).toEqual({});
    expect((await shownAt(httpsPort)).serialNumber).toBe(shown.serialNumber);

    const again = await startServer("signer", place);
    await within(withinMs, async () => expect(await memberNames(again)).toEqual(["cli", "signer"]));
    expect((await shownAt(httpsPort)).issuer).toBe(shown.issuer);
    expect([server, again, agent].map((each) => each.output()).join("")).not.toContain("PRIVATE KEY");
  });

  test("needs a token with node:write where access control is on, and says so", async () => {
    const place = await newPlace();
    const secret = crypto.randomUUID();
    const acl = { enabled: true, default_policy: "deny", tokens: { master: secret } };
    const server = await startServer("guarded", place, { acl });
    const { agent } = await startClient("poor", place, { ca_file: caFile, auto_encrypt: { tls: true } });
    await within(withinMs, async () =>
      expect(agent.output()).toContain("gives this agent no certificate (auto_encrypt.tls): Permission denied"),
    );
    const tokens = { tokens: { agent: secret } };
    await startClient("rich", place, { ca_file: caFile, auto_encrypt: { tls: true }, acl: tokens });
    await within(withinMs, async () => expect(server.output()).toContain("agent=rich"));
    expect(server.output()).not.toContain("agent=poor");
    expect(server.output() + agent.output()).not.toContain(secret);
  });

  test("gets none for the name of a server, none of a server that signs none, and none of one that its CA does not verify", async () => {
    const place = await newPlace();
    await startServer("strict", place);
    const names = { tls: true, dns_san: ["server.dc1.consul"] };
    const { agent: false_ } = await startClient("false", place, { ca_file: caFile, auto_encrypt: names });
    await within(withinMs, async () => expect(false_.output()).toContain("server.dc1.consul is a name of servers"));

    const other = await newPlace();
    await startServer("silent", other, {
      auto_encrypt: { allow_tls: false },
      verify_incoming_rpc: false,
      verify_outgoing: true,
    });
    const { agent: refused } = await startClient("refused", other, { ca_file: caFile, auto_encrypt: { tls: true } });
    await within(withinMs, async () => expect(refused.output()).toContain("this server signs no certificates"));

    const strangers = writeText("stranger.pem", newTestAuthority().certificate);
    const { agent: wary } = await startClient("wary", place, { ca_file: strangers, auto_encrypt: { tls: true } });
    await within(withinMs, async () =>
      expect(wary.output()).toContain("the configured CA does not verify the server's certificate"),
    );
  });
});
