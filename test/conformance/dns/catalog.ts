/** The catalog of these tests: bodies of PUT /v1/catalog/register. */
export const registrations: readonly object[] = [
  {
    Node: "edge1",
    Address: "10.0.0.1",
    Service: {
      ID: "web-1",
      Service: "web",
      Port: 8080,
      Tags: ["primary", "v1.0"],
      Weights: { Passing: 5, Warning: 2 },
    },
  },
  {
    Node: "edge2",
    Address: "10.0.0.2",
    Service: { ID: "web-2", Service: "web", Port: 8081, Tags: ["secondary"], Weights: { Passing: 5, Warning: 2 } },
    Checks: [{ CheckID: "web-2", Name: "web", Status: "warning", ServiceID: "web-2" }],
  },
  {
    Node: "edge3",
    Address: "10.0.0.3",
    Service: { ID: "web-3", Service: "web", Port: 8082, Address: "10.9.9.9", Tags: ["primary"] },
  },
  {
    Node: "edge4",
    Address: "10.0.0.4",
    Service: { ID: "web-4", Service: "web", Port: 8083 },
    Checks: [{ CheckID: "web-4", Name: "web", Status: "critical", ServiceID: "web-4" }],
  },
  { Node: "six", Address: "2001:db8::6", Service: { ID: "six", Service: "six", Port: 66 } },
  {
    Node: "six",
    Address: "2001:db8::6",
    Service: { ID: "six-own", Service: "six-own", Port: 67, Address: "2001:db8::ff" },
  },
  { Node: "hosted", Address: "db.example.com", Service: { ID: "hosted", Service: "hosted", Port: 5432 } },
  { Node: "aliased", Address: "edge1.node.consul", Service: { ID: "aliased", Service: "aliased", Port: 1 } },
  { Node: "dotted.name", Address: "10.0.0.5", Service: { ID: "dotted", Service: "dotted.service", Port: 2 } },
  { Node: "Upper", Address: "10.0.0.6", Service: { ID: "Upper", Service: "Upper", Port: 3, Tags: ["BIG"] } },
  { Node: "under_score!", Address: "10.0.0.7", Service: { ID: "odd", Service: "odd", Port: 4 } },
  {
    Node: "edge1",
    Address: "10.0.0.1",
    Service: {
      ID: "tagged",
      Service: "tagged",
      Port: 10,
      Address: "10.1.1.1",
      TaggedAddresses: {
        lan_ipv4: { Address: "10.1.1.4", Port: 14 },
        lan_ipv6: { Address: "2001:db8::14", Port: 16 },
        wan: { Address: "198.51.100.14", Port: 18 },
      },
    },
  },
  {
    Node: "edge1",
    Address: "10.0.0.1",
    Service: { ID: "named", Service: "named", Port: 11, Address: "www.example.com" },
  },
  {
    Node: "edge2",
    Address: "10.0.0.2",
    Service: { ID: "to-web", Service: "to-web", Port: 12, Address: "primary.web.service.consul" },
  },
  {
    Node: "edge1",
    Address: "10.0.0.1",
    Service: { ID: "loop-a", Service: "loop-a", Port: 13, Address: "loop-b.service.consul" },
  },
  {
    Node: "edge1",
    Address: "10.0.0.1",
    Service: { ID: "loop-b", Service: "loop-b", Port: 13, Address: "loop-a.service.consul" },
  },
  {
    Node: "edge1",
    Address: "10.0.0.1",
    Service: { ID: "self", Service: "self", Port: 14, Address: "self.service.consul." },
  },
  { Node: "edge1", Address: "10.0.0.1", Service: { ID: "twice-1", Service: "twice", Port: 15 } },
  { Node: "edge1", Address: "10.0.0.1", Service: { ID: "twice-2", Service: "twice", Port: 15 } },
  { Node: "edge1", Address: "10.0.0.1", Service: { ID: "ports-1", Service: "ports", Port: 16 } },
  { Node: "edge1", Address: "10.0.0.1", Service: { ID: "ports-2", Service: "ports", Port: 17 } },
  {
    Node: "sick",
    Address: "10.0.0.8",
    Check: { CheckID: "alive", Name: "alive", Status: "critical" },
    Service: { ID: "sick", Service: "sick", Port: 18 },
  },
  {
    Node: "labelled",
    Address: "10.0.0.10",
    NodeMeta: { room: "12", "rfc1035-note": "as it is", " odd=key` ": "a`b=c", empty: "" },
  },
  ...taggedNode("both", { lan_ipv4: "10.4.0.4", lan_ipv6: "2001:db8::4" }),
  ...taggedNode("only4", { lan_ipv4: "10.4.0.5" }),
  ...taggedNode("only6", { lan_ipv6: "2001:db8::5" }),
  ...taggedNode("wide", { lan: "10.4.0.6", wan: "198.51.100.6" }),
  ...["long", "back", "gone", "mute", "six-host"].map((host) => ({
    ...{ Node: "edge1", Address: "10.0.0.1" },
    Service: { ID: `to-${host}`, Service: `to-${host}`, Port: 19, Address: `${host}.example.com` },
  })),
  { Node: "verbose", Address: "10.0.0.9", NodeMeta: { note: "x".repeat(300) } },
  ...meshed("pay-proxy", 1, { Proxy: { DestinationServiceName: "pay" } }),
  ...meshed("pay-proxy", 2, { Proxy: { DestinationServiceName: "pay" }, Address: "10.5.1.2", Tags: ["v2"] }),
  ...meshed("pay-proxy", 3, { Proxy: { DestinationServiceName: "pay" } }, "warning"),
  ...meshed("pay-proxy", 4, { Proxy: { DestinationServiceName: "pay" } }, "critical"),
  ...meshed("pay", 5, {}),
  ...meshed("native", 6, { Connect: { Native: true } }),
  ...meshed("native", 7, {}),
  ...meshed("mixed", 8, { Connect: { Native: true } }),
  ...meshed("mixed-proxy", 9, { Proxy: { DestinationServiceName: "mixed" } }),
  ...meshed("down-proxy", 10, { Proxy: { DestinationServiceName: "down" } }, "critical"),
  ...meshed("down", 11, {}),
  ...meshed("aside-proxy", 12, { Proxy: { DestinationServiceName: "aside" }, Address: "www.example.com" }),
  ...meshed("six-proxy", 13, { Proxy: { DestinationServiceName: "six" }, Address: "2001:db8::13" }),
  ...meshed("wide-proxy", 14, {
    ...{ Proxy: { DestinationServiceName: "wide" }, Address: "10.5.1.14" },
    TaggedAddresses: { lan_ipv6: { Address: "2001:db8::14", Port: 5 }, virtual: { Address: "240.0.0.14", Port: 6 } },
  }),
  ...meshed("dotted-proxy", 15, { Proxy: { DestinationServiceName: "dotted.service" } }),
  ...meshed("upper-proxy", 16, { Proxy: { DestinationServiceName: "Upper" } }),
  ...meshed("gate", 17, { Kind: "ingress-gateway" }),
  ...meshed("gate-proxy", 18, { Proxy: { DestinationServiceName: "gate" } }),
  ...meshed("bridge", 19, { Kind: "mesh-gateway" }),
  ...meshed("loop-proxy", 20, { Proxy: { DestinationServiceName: "loop" }, Address: "loop.connect.consul" }),
  ...meshed("to-native", 21, { Address: "native.connect.consul" }),
  ...instancesOf("noted", 6).map((instance) => ({ ...instance, NodeMeta: { note: "y".repeat(80) } })),
  ...instancesOf("few", 5),
  ...instancesOf("many", 20),
  ...instancesOf("crowd", 120),
  ...instancesOf("host", 3, "host.example.com"),
];

/** Returns the registration of an instance on a node of its own. An instance with `Proxy` is a connect-proxy. */
function meshed(service: string, at: number, more: object, Status: string = "passing"): readonly object[] {
  const Kind = "Proxy" in more ? { Kind: "connect-proxy" } : {};
  return [
    {
      ...{ Node: `mesh-${at}`, Address: `10.5.0.${at}` },
      Service: { ID: service, Service: service, Port: 21_000 + at, ...Kind, ...more },
      Check: { CheckID: service, Name: service, Status, ServiceID: service },
    },
  ];
}

/** The prepared queries of these tests: bodies of POST /v1/query. */
export const preparedQueries: readonly object[] = [
  { Name: "plain", Service: { Service: "web" } },
  { Name: "tagged", Service: { Service: "web", Tags: ["primary"] } },
  { Name: "dotted.name", Service: { Service: "web" } },
  { Name: "healthy", Service: { Service: "web", OnlyPassing: true } },
  { Name: "quick", Service: { Service: "web" }, DNS: { TTL: "7s" } },
  { Name: "nobody", Service: { Service: "nobody" } },
  { Name: "meshed", Service: { Service: "pay", Connect: true } },
  { Name: "meshed-v2", Service: { Service: "pay", Connect: true, Tags: ["v2"] } },
  { Name: "meshed-native", Service: { Service: "native", Connect: true } },
  { Name: "near", Service: { Service: "web", Near: "_ip" } },
  { Name: "few", Service: { Service: "few" } },
  { Name: "crowd", Service: { Service: "crowd" } },
  { Name: "named", Service: { Service: "named" } },
  { Name: "geo-", Template: { Type: "name_prefix_match" }, Service: { Service: "${name.suffix}" } },
];

/**
 * Returns the registrations of a service's instances, each on a node of its own. The names have equal lengths, so the
 * lengths of answers do not depend on which instances they contain.
 */
function instancesOf(service: string, count: number, address?: string): readonly object[] {
  return Array.from({ length: count }, (_, at) => ({
    Node: `${service}-${String(at).padStart(3, "0")}`,
    Address: `10.2.${count}.${at}`,
    Service: { ID: service, Service: service, Port: 20_000 + at, ...(address !== undefined && { Address: address }) },
  }));
}

/**
 * Returns the registrations of a node with tagged addresses and of two services on it: one without tagged addresses,
 * one with the node's tagged addresses.
 */
function taggedNode(name: string, addresses: Readonly<Record<string, string>>): readonly object[] {
  const node = { Node: name, Address: "10.4.0.1", TaggedAddresses: addresses };
  const tagged = Object.entries(addresses).map(([tag, Address]) => [tag, { Address, Port: 99 }]);
  const own = {
    ID: "own",
    Service: `own-${name}`,
    Port: 31,
    Address: "10.4.1.1",
    TaggedAddresses: Object.fromEntries(tagged),
  };
  return [
    { ...node, Service: { ID: "at", Service: `at-${name}`, Port: 30 } },
    { ...node, Service: own },
  ];
}
