import { describe, expect, test } from "bun:test";
import { openDnsWorld } from "../../test/support/dns-world.ts";
import { checkNamed, nameTemplate, nodeNamed, proxyFor, queryWithId } from "../../test/support/state.ts";
import { createPreparedQuery } from "../registry/prepared-query.ts";

/** Tests properties that the recorded answers of Consul (test/conformance/dns) do not cover. */

describe("a node's meta", () => {
  test("is answered as TXT records, with = escaped in keys", async () => {
    const { register, lines } = openDnsWorld({ nodeTtlMs: 9_000 });
    await register("n1", { meta: { "a=b": "c`d", " e ": "", "rfc1035-x": "plain=`" } });
    expect(lines("n1.node.consul TXT")).toEqual([
      "n1.node.consul 9 TXT ` e` =",
      "n1.node.consul 9 TXT a`=b=c``d",
      "n1.node.consul 9 TXT plain=`",
    ]);
  });

  test("is left out of address answers if node_meta_txt is false, but is still returned for TXT questions", async () => {
    const { register, lines } = openDnsWorld({ nodeMetaTxt: false });
    await register("n1", { meta: { a: "b" } }, { name: "web" });
    expect(lines("n1.node.consul A")).toEqual(["n1.node.consul 0 A 10.0.0.1"]);
    expect(lines("n1.node.consul TXT")).toEqual(["n1.node.consul 0 TXT a=b"]);
    expect(lines("web.service.consul SRV")).toHaveLength(2);
  });
});

describe("a name that is not valid in DNS", () => {
  test.each(["x".repeat(64), "a..b", "a.".repeat(120) + "a"])(
    "as the name of a node keeps the node's instances out of SRV answers: %p",
    async (name) => {
      const { register, lines } = openDnsWorld();
      await register(name, {}, { name: "web" });
      await register("n2", { address: "10.0.0.2" }, { name: "web" });
      expect(lines("web.service.consul SRV")).toEqual([
        'web.service.consul 0 SRV {"priority":1,"weight":1,"port":80,"target":"n2.node.dc1.consul"}',
        "n2.node.dc1.consul 0 A 10.0.0.2",
      ]);
    },
  );

  test("as the address of a service or node is not returned in a CNAME record", async () => {
    const { register, lines } = openDnsWorld();
    await register("n1", {}, { name: "web", address: `${"x".repeat(64)}.example.com` });
    await register("n2", { address: "not..a name" });
    expect(lines("web.service.consul A").join()).toContain("SOA");
    expect(lines("n2.node.consul A").join()).toContain("SOA");
  });
});

test("an IP address registered in another notation has the same reverse name", async () => {
  const { register, lines } = openDnsWorld();
  await register("n1", { address: "2001:DB8:0:0::1" });
  await register("n2", { address: "10.0.0.2" }, { name: "web", address: "2001:db8::0:2" });
  const nibbles = (last: number): string => `${last}.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`;
  expect(lines(`${nibbles(1)} PTR`)).toEqual([`${nibbles(1)} 0 PTR n1.node.dc1.consul`]);
  expect(lines(`${nibbles(2)} PTR`)).toEqual([`${nibbles(2)} 0 PTR web.service.dc1.consul`]);
});

test("a cycle of services whose addresses name each other is followed for a few names only", async () => {
  const { register, lines } = openDnsWorld();
  for (const [at, to] of [
    ["a", "b"],
    ["b", "c"],
    ["c", "a"],
  ] as const) {
    await register("n1", {}, { id: at, name: at, address: `${to}.service.consul` });
  }
  expect(lines("a.service.consul A").length).toBeLessThan(6);
});

test("metrics count questions below the domain and reverse questions separately", async () => {
  const { register, lines, metrics } = openDnsWorld();
  await register("n1");
  for (let at = 0; at < 3; at += 1) lines("n1.node.consul A");
  lines("1.0.0.10.in-addr.arpa PTR");
  lines("example.com A");
  expect(metrics.total().samples.map(({ name, labels, count }) => [name, labels, count])).toEqual([
    ["consul.dns.domain_query", { node: "n1" }, 3],
    ["consul.dns.ptr_query", { node: "n1" }, 1],
  ]);
});

test("a sidecar proxy that becomes critical, or is deregistered, is not in the next answer for its service", async () => {
  const { store, register, lines } = openDnsWorld();
  for (const at of [1, 2, 3]) {
    const proxy = { id: "pay-proxy", name: "pay-proxy", ...proxyFor("Pay") };
    await register(`n${at}`, { address: `10.0.0.${at}` }, proxy);
  }
  const addresses = (): readonly string[] => lines("pay.connect.consul A").map((line) => line.split(" ").at(-1) ?? "");
  expect(addresses()).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  const checks = [checkNamed("alive", { serviceId: "pay-proxy", status: "critical" })];
  await store.submit({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: true, checks });
  expect(addresses()).toEqual(["10.0.0.2", "10.0.0.3"]);
  await store.submit({ type: "deregister", node: "n2", serviceId: "pay-proxy" });
  expect(addresses()).toEqual(["10.0.0.3"]);
});

describe("a prepared query", () => {
  const id = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";

  test("with near _ip takes the client's address from the EDNS subnet, else from the packet's source", async () => {
    const { store, register, answer } = openDnsWorld();
    await register("n1", { address: "192.0.2.1" }, { name: "web" });
    await register("n2", { address: "10.1.2.0" }, { name: "web" });
    await createPreparedQuery(store, queryWithId(id, { name: "q" }, { near: "_ip" }));
    const first = (question: string): unknown => answer(question).answers?.[0];
    for (let at = 0; at < 10; at += 1) {
      expect(first("q.query.consul A")).toMatchObject({ data: "192.0.2.1" });
      expect(first("q.query.consul A subnet=10.1.2.0")).toMatchObject({ data: "10.1.2.0" });
    }
  });

  test("that is a template gives SERVFAIL when a question names the query by its id", async () => {
    const { store, answer } = openDnsWorld();
    await createPreparedQuery(store, queryWithId(id, { name: "q", template: nameTemplate }));
    expect(answer(`${id}.query.consul A`)).toMatchObject({ rcode: "SERVFAIL", answers: [], authorities: [] });
    expect(answer("q-x.query.consul A").rcode).toBe("NXDOMAIN");
  });
});
