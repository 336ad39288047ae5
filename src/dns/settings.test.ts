import { expect, test } from "bun:test";
import { serviceTtlS } from "./settings.ts";

const ttlS = (serviceTtlMs: Readonly<Record<string, number>>, service: string): number =>
  serviceTtlS({ serviceTtlMs }, service);

test("a service has the TTL configured for its name, else for its longest prefix, else for *, else 0", () => {
  const ttls = { web: 10_000, "web*": 20_000, "web-a*": 30_000, "*": 5_000 };
  expect(["web", "webs", "web-a", "web-ab", "db"].map((service) => ttlS(ttls, service))).toEqual([10, 20, 30, 30, 5]);
  expect(ttlS({ web: 10_000 }, "db")).toBe(0);
  expect(ttlS({}, "web")).toBe(0);
});

test("a TTL is rounded down to whole seconds", () => {
  expect(ttlS({ web: 1_999 }, "web")).toBe(1);
  expect(ttlS({ web: 999 }, "web")).toBe(0);
});

test("a service named like a prefix pattern, or like a property of every JavaScript object, gets no TTL from that name", () => {
  expect(ttlS({ "web*": 20_000 }, "web*")).toBe(20);
  expect(ttlS({}, "constructor")).toBe(0);
  expect(ttlS({}, "__proto__")).toBe(0);
});
