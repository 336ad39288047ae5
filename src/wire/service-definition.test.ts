import { expect, test } from "bun:test";
import { decodeServiceDefinition, encodeServiceDefinition } from "./service-definition.ts";

const api = { source: "api" } as const;
const file = { source: "file" } as const;

test("a service definition without id and weights has its name as id, and weights of 1", () => {
  expect(decodeServiceDefinition({ Name: "web" }, api)).toEqual({
    service: {
      id: "web",
      name: "web",
      kind: "",
      tags: [],
      address: "",
      taggedAddresses: null,
      port: 0,
      meta: null,
      weights: { passing: 1, warning: 1 },
      enableTagOverride: false,
    },
    checks: [],
  });
});

test("the id of a service's only check is derived from the service's id; several checks are also numbered", () => {
  const ids = (json: object): string[] =>
    decodeServiceDefinition({ Name: "s", ...json }, api).checks.map(({ id }) => id);
  expect(ids({ Check: { TTL: "1s" } })).toEqual(["service:s"]);
  expect(ids({ Check: {}, Checks: [{ TTL: "1s" }] })).toEqual(["service:s"]);
  expect(ids({ Check: { TTL: "1s" }, Checks: [{ TTL: "1s", CheckID: "own" }, { TTL: "1s" }] })).toEqual([
    "service:s:1",
    "own",
    "service:s:3",
  ]);
});

test("a service's `checks` are numbered before its `check` in a file, and after it in the API", () => {
  const checks = { Check: { TTL: "1s", Name: "one" }, Checks: [{ TTL: "1s", Name: "many" }] };
  const names = (source: typeof api | typeof file): string[] =>
    decodeServiceDefinition({ Name: "s", ...checks }, source).checks.map(({ name }) => name);
  expect(names(api)).toEqual(["one", "many"]);
  expect(names(file)).toEqual(["many", "one"]);
});

test("if a service definition sets only one weight, the other is 1 in a file and 0 in the API", () => {
  const weights = (json: unknown, source: typeof api | typeof file): object =>
    decodeServiceDefinition({ Name: "s", Weights: json }, source).service.weights;
  expect(weights({ passing: 4 }, file)).toEqual({ passing: 4, warning: 1 });
  expect(weights({ Passing: 4 }, api)).toEqual({ passing: 4, warning: 0 });
});

test("a service in a file may have the address 0.0.0.0, and its fractional port is truncated", () => {
  const { service } = decodeServiceDefinition({ name: "s", address: "0.0.0.0", port: 1.7 }, file);
  expect(service).toMatchObject({ address: "0.0.0.0", port: 1 });
});

test.each([
  [{ name: "s", EnableTagOverride: true }, "invalid config key service.EnableTagOverride"],
  [{ name: "s", taggedaddresses: {} }, "invalid config key service.taggedaddresses"],
  [{ name: "s", check: { ttl: "1s", checkid: "x" } }, "invalid config key service.check.checkid"],
  [{ name: "s", port: "80" }, "'service.port' expected type 'int', got unconvertible type 'string'"],
  [{ name: "s", check: {} }, "TTL must be > 0 for TTL checks"],
  [{ name: "s", meta: { "a b": "1" } }, "Key contains invalid characters"],
  [{ id: "x" }, "Missing service name"],
])("a configuration file may not define the service %j", (json, why) => {
  expect(() => decodeServiceDefinition(json, file)).toThrow(why);
});

test.each([
  { Name: "s" },
  { ID: "i", Name: "s", Address: "192.0.2.1", Port: 80, Tags: ["a"], Meta: { b: "c" }, EnableTagOverride: true },
  {
    Name: "s",
    Address: "192.0.2.1",
    TaggedAddresses: { lan: { Address: "a", Port: 1 }, lan_ipv4: { Address: "b", Port: 2 } },
  },
  { Name: "s", Weights: { Passing: 2, Warning: 0 }, Connect: { Native: true } },
  { Kind: "connect-proxy", Name: "p", Port: 1, Proxy: { DestinationServiceName: "s", Config: { a: 1 } } },
  {
    Name: "s",
    Checks: [
      { TTL: "1s", CheckID: "own", Name: "n" },
      { TCP: "x:1", Interval: "1s" },
    ],
  },
])("the service %j decodes to the same definition after encoding", (json) => {
  const definition = decodeServiceDefinition(json, api);
  const { service, checks } = decodeServiceDefinition(encodeServiceDefinition(definition), api);
  const { service: first } = definition;
  expect({ ...service, meta: service.meta ?? {} }).toEqual({ ...first, meta: first.meta ?? {} });
  expect(checks).toEqual(definition.checks);
});
