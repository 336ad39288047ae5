import { describe, expect, test } from "bun:test";
import { recordOf } from "../../test/support/port-record.ts";
import { Hosts } from "./hosts.ts";
import { Ledger, type LedgerOptions } from "./ledger.ts";

function ledgerWith(options: Partial<LedgerOptions> = {}): Ledger {
  return new Ledger({ hosts: new Hosts(["gw", "10.0.0.1"]), reserved: [], ownPorts: [8500], ...options });
}

const ownerAt = (ledger: Ledger, host: string, port: number): string | undefined =>
  ledger.ownerOf({ host, port }, "web")?.name;

const fresh = { includeReleased: false };

function stored(service: string, host: string, port: number) {
  return { base: `edgex/core/1.0/${service}/`, service, host, port, isWhole: true, modifyIndex: 1 };
}

describe("a host name", () => {
  const hosts = new Hosts(["GW", "10.0.0.1", "fe80::1"]);

  test.each([
    "",
    "localhost",
    "LocalHost",
    "127.0.0.1",
    "127.8.9.1",
    "::1",
    "[::1]",
    "0.0.0.0",
    "gw",
    "10.0.0.1",
    "FE80::1",
  ])("%p means this machine", (host) => {
    expect(hosts.key({ host, port: 1 })).toBe(":1");
  });

  test("that is none of this machine's names means a separate host, whatever its letter case", () => {
    const keys = ["edgex-core-data", "Edgex-Core-Data", "edgex-core-data2", "10.0.0.2", "gw.example"];
    expect(keys.map((host) => hosts.key({ host, port: 1 }))).toEqual([
      ...["edgex-core-data:1", "edgex-core-data:1", "edgex-core-data2:1", "10.0.0.2:1", "gw.example:1"],
    ]);
  });
});

describe("the owner of a port is", () => {
  test("the service registered at it, under any name of this machine", () => {
    const ledger = ledgerWith();
    ledger.setRegistered("a", { host: "localhost", port: 100 });
    expect(["", "127.0.0.1", "gw", "other-host"].map((host) => ownerAt(ledger, host, 100))).toEqual([
      ...["a", "a", "a", undefined],
    ]);
    ledger.setRegistered("a", undefined);
    expect(ownerAt(ledger, "localhost", 100)).toBeUndefined();
  });

  test("undefined if the owner is the service that wants the port itself", () => {
    const ledger = ledgerWith();
    ledger.setRegistered("web", { host: "localhost", port: 100 });
    ledger.setRecord("web", recordOf({ newPort: 200 }));
    expect([ownerAt(ledger, "localhost", 100), ownerAt(ledger, "localhost", 200)]).toEqual([undefined, undefined]);
  });

  test.each([
    ["conflict", undefined],
    ["pending", undefined],
    ["exhausted", undefined],
    ["pinned", undefined],
    ["released", "a"],
  ] as const)(
    "decided by the port record of the service registered at it: in state %s the owner is %p",
    (state, expected) => {
      const ledger = ledgerWith();
      ledger.setRegistered("a", { host: "localhost", port: 100 });
      ledger.setRecord("a", recordOf({ service: "a", host: "127.0.0.1", oldPort: 100, newPort: 0, state }));
      expect(ownerAt(ledger, "localhost", 100)).toBe(expected);
    },
  );

  test("the service that it was assigned to, until that service's record is released", () => {
    const ledger = ledgerWith();
    ledger.setRecord("a", recordOf({ service: "a", newPort: 28_000, state: "pending" }));
    expect(ownerAt(ledger, "localhost", 28_000)).toBe("a");
    ledger.setRecord("a", recordOf({ service: "a", newPort: 28_000, state: "released" }));
    expect(ownerAt(ledger, "localhost", 28_000)).toBeUndefined();
    expect(ledger.isFree({ host: "localhost", port: 28_000 }, "web", fresh)).toBe(false);
    expect(ledger.isFree({ host: "localhost", port: 28_000 }, "web", { includeReleased: true })).toBe(true);
    expect(ledger.isFree({ host: "localhost", port: 28_000 }, "a", fresh)).toBe(true);
  });

  test("the service that it is stored for, if registered; otherwise undefined, but the port is not assigned to others", () => {
    const ledger = ledgerWith();
    ledger.setStored("edgex/core/1.0/a/", stored("a", "localhost", 100));
    expect(ownerAt(ledger, "localhost", 100)).toBeUndefined();
    expect(ledger.isFree({ host: "localhost", port: 100 }, "web", fresh)).toBe(false);
    ledger.setRegistered("a", { host: "localhost", port: 101 });
    expect(ownerAt(ledger, "localhost", 100)).toBe("a");
    ledger.setStored("edgex/core/1.0/a/", undefined);
    expect(ownerAt(ledger, "localhost", 100)).toBeUndefined();
    expect(ledger.isFree({ host: "localhost", port: 100 }, "web", fresh)).toBe(true);
  });

  test("a reservation for its host or for all hosts, or this agent for its own listeners", () => {
    const ledger = ledgerWith({
      reserved: [
        { host: undefined, port: 1883 },
        { host: "redis", port: 6379 },
      ],
    });
    expect([ownerAt(ledger, "a", 1883), ownerAt(ledger, "redis", 6379), ownerAt(ledger, "a", 6379)]).toEqual([
      ...["a reservation", "a reservation", undefined],
    ]);
    expect([ownerAt(ledger, "gw", 8500), ownerAt(ledger, "a", 8500)]).toEqual(["praetor", undefined]);
  });
});
