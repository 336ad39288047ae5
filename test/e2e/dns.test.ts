import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { askDns } from "../support/dns-exchange.ts";
import { openTcpClient } from "../support/dns-wire.ts";
import { freePorts } from "../support/free-ports.ts";
import { ownProgram } from "../support/own-program.ts";
import { startUpstream } from "../support/upstream.ts";
import { promptly } from "../support/promptly.ts";
import { within } from "../support/within.ts";

/** Tests DNS with real clients: dig, and a dnsmasq that forwards queries to the agent. */

const sandbox = openSandbox();
let agent: AgentProcess;
let port: number;

beforeAll(async () => {
  [port = 0] = await freePorts(1);
  agent = await sandbox.start("-dev", "-dns-port", String(port));
  await agent.ready();
  const instances = [1, 2].map((at) => ({
    Node: `rack-${at}`,
    Address: `10.7.0.${at}`,
    Service: { ID: "web", Service: "web", Port: 8_080 + at, Tags: ["blue"] },
  }));
  const mail = { Node: "rack-1", Address: "10.7.0.1", Service: { ID: "mail", Service: "mail", Port: 25 } };
  const six = { Node: "six", Address: "2001:db8::6" };
  for (const body of [...instances, mail, six]) await agent.send("PUT", "/v1/catalog/register", { body });
});
afterAll(() => sandbox.close());

async function output(...words: readonly string[]): Promise<string> {
  const child = Bun.spawn([...words], { stdout: "pipe", stderr: "pipe" });
  const [out] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  return out;
}

function dig(...words: readonly string[]): Promise<string> {
  return output("dig", "@127.0.0.1", "-p", String(port), "+tries=1", "+time=3", ...words);
}

async function short(...words: readonly string[]): Promise<readonly string[]> {
  return (await dig("+short", ...words)).trim().split("\n").toSorted();
}

describe("dig, as a DNS client of the agent,", () => {
  test.each(["+notcp", "+tcp", "+edns=0 +bufsize=1232", "+noedns", "+cookie", "+nsid +dnssec"])(
    "gets the addresses of a service with the options %s",
    async (options) => {
      const words = options.split(" ");
      expect(await short(...words, "web.service.consul", "A")).toEqual(["10.7.0.1", "10.7.0.2"]);
      expect(await short(...words, "six.node.consul", "AAAA")).toEqual(["2001:db8::6"]);
    },
  );

  test("gets SRV records and the addresses that belong to them", async () => {
    const answer = await dig("blue.web.service.consul", "SRV");
    expect(answer).toContain("status: NOERROR");
    expect(answer).toMatch(/^blue\.web\.service\.consul\.\s+0\s+IN\s+SRV\s+1 1 8081 rack-1\.node\.dc1\.consul\.$/m);
    expect(answer).toMatch(/^rack-2\.node\.dc1\.consul\.\s+0\s+IN\s+A\s+10\.7\.0\.2$/m);
    expect(answer).not.toContain("Warning");
  });

  test("finds the name of an address by a reverse lookup", async () => {
    expect(await short("-x", "10.7.0.2")).toEqual(["rack-2.node.dc1.consul."]);
    expect(await short("-x", "2001:db8::6")).toEqual(["six.node.dc1.consul."]);
  });

  test("gets NXDOMAIN for a missing name, and REFUSED for a name outside of the agent's domain", async () => {
    expect(await dig("none.service.consul")).toContain("status: NXDOMAIN");
    expect(await dig("mail.service.consul", "AAAA")).toMatch(/status: NOERROR[\s\S]*AUTHORITY: 1[\s\S]*SOA/);
    expect(await dig("example.com")).toContain("status: REFUSED");
    expect(await dig("consul", "AXFR")).toContain("Transfer failed");
  });
});

describe("a dnsmasq that forwards .consul to the agent", () => {
  let forwarder: Bun.Subprocess;
  let forwarderPort: number;

  beforeAll(async () => {
    [forwarderPort = 0] = await freePorts(1);
    const words = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file"];
    const listening = ["--bind-interfaces", "--listen-address=127.0.0.1", `--port=${forwarderPort}`];
    const user = process.getuid?.() === 0 ? ["--user=root"] : [];
    forwarder = Bun.spawn(["dnsmasq", ...words, ...listening, ...user, `--server=/consul/127.0.0.1#${port}`], {
      env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` },
      stdio: ["ignore", "ignore", "ignore"],
    });
    await within(3_000, () => askDns(forwarderPort, "web.service.consul A"));
  });
  afterAll(async () => {
    forwarder.kill();
    await forwarder.exited;
  });

  test("returns the agent's answers", async () => {
    for (const network of ["udp", "tcp"]) {
      expect((await askDns(forwarderPort, `web.service.consul A ${network}`)).answers).toHaveLength(2);
      expect((await askDns(forwarderPort, `web.service.consul SRV ${network}`)).answers).toHaveLength(2);
    }
    expect((await askDns(forwarderPort, "none.service.consul A")).rcode).toBe("NXDOMAIN");
  });

  test("returns a changed address at once", async () => {
    const body = { Node: "moving", Address: "10.7.1.1" };
    await agent.send("PUT", "/v1/catalog/register", { body });
    expect((await askDns(forwarderPort, "moving.node.consul A")).answers).toMatchObject([{ data: "10.7.1.1" }]);
    await agent.send("PUT", "/v1/catalog/register", { body: { ...body, Address: "10.7.1.2" } });
    expect((await askDns(forwarderPort, "moving.node.consul A")).answers).toMatchObject([{ data: "10.7.1.2" }]);
  });
});

describe("the agent's DNS server", () => {
  test("names the other program that listens on its port, and the agent exits with 1", async () => {
    const ports = await freePorts(2);
    const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const words = ["agent", "-dev", "-http-port", String(ports[0]), "-dns-port", String(taken.port)];
    const { code, output: said } = await sandbox.run(...words);
    taken.stop(true);
    expect(said).toContain(
      `==> cannot answer DNS on 127.0.0.1:${taken.port} (tcp): another program listens there: ${ownProgram}.`,
    );
    expect(said).toContain("with -dns-port or -client. -dns-port -1 turns DNS off.");
    expect(code).toBe(1);
  });

  test("reports that a configured address is not this machine's, and names no other program", async () => {
    const [port = 0] = await freePorts(1);
    const words = ["agent", "-dev", "-client", "192.0.2.7", "-dns-port", String(port)];
    const { code, output: said } = await sandbox.run(...words);
    expect(said).toContain(
      `==> cannot answer DNS on 192.0.2.7:${port} (udp): this machine has no address 192.0.2.7, only `,
    );
    expect(code).toBe(1);
  });

  test("is not opened with -dns-port -1", async () => {
    const quiet = await sandbox.start("-dev", "-dns-port", "-1");
    await quiet.ready();
    expect(quiet.output()).not.toContain("DNS server");
  });

  test("answers at each of its configured addresses, IPv6 included", async () => {
    const [own = 0] = await freePorts(1);
    const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === "::1"));
    const addresses = ["127.0.0.1", "127.0.0.2", ...(hasIpv6 ? ["::1"] : [])];
    const several = await sandbox.start("-dev", "-client", addresses.join(" "), "-dns-port", String(own));
    await several.ready();
    for (const address of addresses)
      for (const network of ["+notcp", "+tcp"]) {
        const words = [`@${address}`, "-p", String(own), "+short", "+tries=1", network, "node1.node.consul"];
        expect(await output("dig", ...words)).toBe("127.0.0.1\n");
      }
  });

  test("stops at once despite open connections and pending recursive queries", async () => {
    const silent = await startUpstream(() => "silent");
    const [own = 0] = await freePorts(1);
    const recursor = ["-recursor", `127.0.0.1:${silent.port}`, "-hcl", 'dns_config { recursor_timeout = "10m" }'];
    const ending = await sandbox.start("-dev", "-dns-port", String(own), ...recursor);
    await ending.ready();
    const client = await openTcpClient(own);
    const waiting = askDns(own, "a.example.com A").catch(() => "nothing");
    await within(2_000, async () => expect(silent.asked).toHaveLength(1));
    ending.signal("SIGTERM");
    await promptly(ending.ended());
    await client.closed;
    expect(await waiting).toBe("nothing");
    silent.stop();
  });

  test("applies dns_config and recursors at a reload, and keeps its domain", async () => {
    const upstream = await startUpstream((name) => ({
      rcode: 0,
      answers: [{ name, type: "A", ttl: 60, data: "192.0.2.1" }],
    }));
    const [own = 0] = await freePorts(1);
    const file = join(sandbox.folder, "dns.json");
    writeFileSync(file, "{}");
    const changing = await sandbox.start("-dev", "-dns-port", String(own), "-config-file", file);
    await changing.ready();
    const ttl = async (): Promise<unknown> => (await askDns(own, "node1.node.consul A")).answers?.[0];
    expect(await ttl()).toMatchObject({ ttl: 0 });
    expect((await askDns(own, "a.example.com A")).rcode).toBe("REFUSED");
    const settings = { dns_config: { node_ttl: "7s" }, recursors: [`127.0.0.1:${upstream.port}`], domain: "other" };
    writeFileSync(file, JSON.stringify(settings));
    expect((await changing.send("PUT", "/v1/agent/reload")).status).toBe(200);
    expect(await ttl()).toMatchObject({ ttl: 7 });
    expect((await askDns(own, "a.example.com A")).answers).toMatchObject([{ data: "192.0.2.1" }]);
    for (const network of ["+notcp", "+tcp"]) {
      const words = ["@127.0.0.1", "-p", String(own), "+short", "+tries=1", network, "a.example.com"];
      expect(await output("dig", ...words)).toBe("192.0.2.1\n");
    }
    upstream.stop();
  });
});
