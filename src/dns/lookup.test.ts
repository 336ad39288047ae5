import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readLookup, readReverse, type Lookup } from "./lookup.ts";
import { types } from "./message.ts";

const service = (name: string, tag = "", datacenter = ""): Lookup => ({
  kind: "service",
  service: name,
  tag,
  datacenter,
  connect: false,
});
const connect = (name: string, datacenter = ""): Lookup => ({
  ...{ kind: "service", service: name, tag: "" },
  datacenter,
  connect: true,
});
const node = (name: string, datacenter = ""): Lookup => ({ kind: "node", node: name, datacenter });
const query = (name: string, datacenter = ""): Lookup => ({ kind: "query", query: name, datacenter });
const unknown: Lookup = { kind: "unknown" };

describe("a name below the domain", () => {
  test.each<[string, Lookup]>([
    ["web.service", service("web")],
    ["WEB.Service.DC1", service("web", "", "dc1")],
    ["primary.web.service", service("web", "primary")],
    ["v1.0.web.service", service("web", "v1.0")],
    ["_web._tcp.service", service("web")],
    ["_web._udp.service", service("web", "udp")],
    ["_web._primary.service.dc1", service("web", "primary", "dc1")],
    ["web.service.a.b", unknown],
    ["service", unknown],
    ["n1.node", node("n1")],
    ["dotted.n1.node.dc2", node("dotted.n1", "dc2")],
    ["node", unknown],
    ["best.query", query("best")],
    ["best.of.query.dc1", query("best.of", "dc1")],
    ["_best._tcp.query", query("_best._tcp")],
    ["query", unknown],
    ["0a000001.addr", { kind: "address", address: "10.0.0.1" }],
    ["0A000001.addr.dc1", { kind: "address", address: "10.0.0.1" }],
    ["20010db8000000000000000000000001.addr", { kind: "address", address: "2001:db8::1" }],
    ["0a0000.addr", unknown],
    ["0a00000g.addr", unknown],
    ["x.0a000001.addr", unknown],
    ["web.connect", connect("web")],
    ["Web.CONNECT.dc1", connect("web", "dc1")],
    ["tag.web.connect", connect("web")],
    ["web.connect.a.b", unknown],
    ["connect", unknown],
    ["web.virtual", unknown],
    ["web.ingress", unknown],
    ["web", unknown],
    ["_web._tcp", unknown],
    ["service.service", service("service")],
    ["node.service.node", node("node.service")],
  ])("%s is parsed to the lookup %j", (name, lookup) => expect(readLookup(name.split("."), types.A)).toEqual(lookup));

  test("that has no labels, which is the domain itself, is parsed to the lookup `unknown`", () =>
    expect(readLookup([], types.A)).toEqual(unknown));

  test('needs no label "service" in an SRV question if its labels begin with an underscore', () => {
    expect(readLookup(["_web", "_tcp"], types.SRV)).toEqual(service("web"));
    expect(readLookup(["_web", "_udp", "dc1"], types.SRV)).toEqual(service("web", "udp", "dc1"));
  });
});

describe("a reverse name", () => {
  test.each([
    ["1.0.0.10.in-addr.arpa", "10.0.0.1"],
    ["1.0.0.10.IN-ADDR.ARPA", "10.0.0.1"],
    ["0.0.10.in-addr.arpa", undefined],
    ["1.0.0.256.in-addr.arpa", undefined],
    ["x.1.0.0.10.in-addr.arpa", undefined],
    ["1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "2001:db8::1"],
    ["0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", undefined],
    ["arpa", undefined],
  ])("%s gives the address %s", (name, address) => expect(readReverse(name.split("."))).toBe(address));

  test("made from any IPv4 address gives that address", () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const name = [...address.split(".").toReversed(), "in-addr", "arpa"];
        expect(readReverse(name)).toBe(address);
      }),
    );
  });
});
