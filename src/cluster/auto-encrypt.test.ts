import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { connectLinks } from "../../test/support/link-pair.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { openTestStore } from "../../test/support/store.ts";
import { createLog } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import type { DialOptions } from "../link/connect.ts";
import { unlimitedCallers } from "../registry/caller.ts";
import { readSigningAuthority } from "../registry/signing-authority.ts";
import { AutoEncrypt, type GivenCertificate } from "./auto-encrypt.ts";
import { CertificateSigner } from "./certificate-signer.ts";

const hourMs = 3_600_000;
const server = { id: "s", name: "s", address: "192.0.2.1", port: 8300 };

/** A client agent, and servers that share one store. Their links are within this process. */
class World {
  readonly clock = new FakeClock(Date.now());
  readonly lines: string[] = [];
  readonly #log = createLog(
    { level: "info", json: false, clock: this.clock, sink: (line) => this.lines.push(line) },
    "t",
  );
  readonly store = openTestStore().store;
  /** The authorities that the servers' port accepts. */
  accepted: readonly string[] = [];
  readonly signer = new CertificateSigner({
    ...{ store: this.store, callers: unlimitedCallers(this.store), datacenter: "dc1", domain: "consul" },
    ofServers: () => ({ serverAuthorities: ["CA of the servers"], verifiesServerName: true }),
    accept: async (authorities) => void (this.accepted = authorities),
    ...{ clock: this.clock, random: systemRandom, log: this.#log },
  });
  /** Whether the servers answer. */
  areUp = true;
  readonly given: GivenCertificate[] = [];
  /** The purposes of the connections that were made. */
  readonly dialled: string[] = [];
  request = { node: "cli", datacenter: "dc1", dnsNames: ["a.example"], ipAddresses: ["192.0.2.7"], token: "" };
  readonly agent = new AutoEncrypt({
    request: () => this.request,
    dial: async ({ isForCertificate }: DialOptions) => {
      if (!this.areUp) throw new Error("the server is away");
      this.dialled.push(isForCertificate === true ? "certificate" : "link");
      const handler = isForCertificate === true ? this.signer.handler("192.0.2.7") : async () => ({ head: null });
      return connectLinks({ clock: this.clock, handler }).dialled;
    },
    key: undefined,
    use: async (given) => void this.given.push(given),
    ...{ clock: this.clock, log: this.#log },
  });

  async link(): Promise<void> {
    const options = { host: server.address, port: server.port, key: undefined, clock: this.clock };
    (await this.agent.dial({ ...options, handler: () => Promise.reject(new Error("no call is expected")) })).close();
  }

  get shown(): X509Certificate {
    return new X509Certificate(this.given.at(-1)?.own.certificate ?? "");
  }
}

test("an agent asks before its first link only, and the servers accept what their one authority has signed", async () => {
  const world = new World();
  await world.link();
  await world.link();
  expect(world.dialled).toEqual(["certificate", "link", "link"]);
  const authority = readSigningAuthority(world.store);
  expect(world.accepted).toEqual([authority?.certificate ?? ""]);
  expect(world.shown.checkIssued(new X509Certificate(authority?.certificate ?? ""))).toBe(true);
  expect(world.shown.verify(new X509Certificate(authority?.certificate ?? "").publicKey)).toBe(true);
  expect(world.given[0]).toMatchObject({ serverAuthorities: ["CA of the servers"], verifiesServerName: true });
  expect(world.shown.subjectAltName).toContain("DNS:localhost, DNS:a.example, IP Address:127.0.0.1");
  expect(JSON.stringify(world.lines)).not.toContain("PRIVATE KEY");
});

test("an agent renews when two thirds of the certificate's life are over, and tries again while the servers are away", async () => {
  const world = new World();
  await world.link();
  const first = world.shown.serialNumber;
  const stopping = new AbortController();
  const renewing = world.agent.renew(() => [server], stopping.signal);
  await world.clock.advance(47 * hourMs);
  expect(world.shown.serialNumber).toBe(first);
  world.areUp = false;
  await world.clock.advance(2 * hourMs);
  expect(world.given).toHaveLength(1);
  expect(world.lines.filter((line) => line.includes("cannot be renewed yet")).length).toBeGreaterThan(0);
  world.areUp = true;
  await world.clock.advance(hourMs);
  expect(world.given).toHaveLength(2);
  expect(world.shown.serialNumber).not.toBe(first);
  expect(new X509Certificate(world.given[0]?.own.certificate ?? "").issuer).toBe(world.shown.issuer);
  stopping.abort();
  await renewing;
});

test("an agent asks anew when its certificate has ended, and after a link that has failed, since the authority may be another", async () => {
  const world = new World();
  await world.link();
  await world.clock.advance(73 * hourMs);
  await world.link();
  expect(world.given).toHaveLength(2);
  world.areUp = false;
  expect((await rejectionOf(world.link())).message).toBe("the server is away");
  world.areUp = true;
  await world.link();
  expect(world.given).toHaveLength(3);
});

test.each([
  [{ dnsNames: ["server.dc1.consul"] }, "server.dc1.consul is a name of servers"],
  [{ dnsNames: ["SERVER.other.CONSUL"] }, "SERVER.other.CONSUL is a name of servers"],
  [{ dnsNames: ["*.dc1.consul"] }, "*.dc1.consul is a name of servers"],
  [{ dnsNames: ["a b"] }, '"a b" is no name of a host, or no IP address'],
  [{ dnsNames: ["a\0.example"] }, "is no name of a host"],
  [{ dnsNames: Array.from({ length: 101 }, () => "a") }, "a list of names is missing or too long"],
  [{ ipAddresses: ["1.2.3"] }, '"1.2.3" is no name of a host, or no IP address'],
  [{ datacenter: "dc2" }, "the agent is of the datacenter dc2, and this server signs certificates for dc1"],
  [{ node: "" }, "a text is missing"],
])("a server refuses %j, and the agent names the server and the reason", async (change, reason) => {
  const world = new World();
  world.request = { ...world.request, ...change };
  const error = await rejectionOf(world.link());
  expect(error).toMatchObject({ kind: "denied", code: "certificate-refused" });
  expect(error.message).toContain("the server at 192.0.2.1:8300 gives this agent no certificate (auto_encrypt.tls)");
  expect(error.message).toContain(reason);
  expect(world.given).toEqual([]);
  expect(readSigningAuthority(world.store)).toBeUndefined();
});

test("a link for a certificate carries no other call", async () => {
  const world = new World();
  const { dialled } = connectLinks({ clock: world.clock, handler: world.signer.handler("192.0.2.7") });
  for (const kind of ["join", "http", "catalog-commit"])
    expect(await rejectionOf(dialled.call({ kind, head: {} }))).toMatchObject({ code: "certificate-only" });
  for (const head of [null, 1, "x", [], {}, { node: 1 }, { ...world.request, publicKey: new Uint8Array(9) }])
    expect(await rejectionOf(dialled.call({ kind: "certificate", head }))).toMatchObject({
      code: "invalid-certificate-request",
    });
});
