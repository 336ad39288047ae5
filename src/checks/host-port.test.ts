import { expect, test } from "bun:test";
import { formatHostPort, parseHostPort } from "./host-port.ts";

test("parseHostPort accepts host names, IP addresses and an empty host", () => {
  expect(parseHostPort("edgex-redis:6379")).toEqual({ host: "edgex-redis", port: 6379 });
  expect(parseHostPort("[::1]:80")).toEqual({ host: "::1", port: 80 });
  expect(parseHostPort(":18080")).toEqual({ host: "", port: 18080 });
});

test("formatHostPort returns the text that parseHostPort parsed", () => {
  for (const text of ["127.0.0.1:80", "[fe80::1%eth0]:65535"]) expect(formatHostPort(parseHostPort(text))).toBe(text);
});

// The expected texts are outputs of Consul 1.8.7, without "dial tcp: ".
test.each([
  ["127.0.0.1", "address 127.0.0.1: missing port in address"],
  ["tcp://127.0.0.1:18080", "address tcp://127.0.0.1:18080: too many colons in address"],
  ["::1:80", "address ::1:80: too many colons in address"],
  ["127.0.0.1:99999", "address 99999: invalid port"],
  ["127.0.0.1:zzz", "address tcp/zzz: unknown port"],
])("the malformed address %s is refused with Go's error text", (text, message) => {
  expect(() => parseHostPort(text)).toThrow(message);
});
