import { runDnsperf } from "../lib/dnsperf.ts";
import { serviceAt, serviceCount, spread } from "./filling.ts";
import { costOf, costOfAsking, writeNew } from "./load.ts";
import { costRow, type GrowthRow, type Measurement } from "./measurement.ts";
import type { Size } from "./size.ts";

const namesMax = 2_000;
const ttlChecks = 16;
const newRows = 300;
const dnsSeconds = 1;

const anyServices = (size: Size): readonly string[] =>
  spread(Math.min(serviceCount(size), namesMax), serviceCount(size)).map(serviceAt);

function serviceRead(row: GrowthRow, path: string): Measurement {
  return {
    rows: [row],
    async measure(filled, run) {
      const targets = anyServices(filled.size).map((name) => `${path}${name}?n=`);
      return [await costOfAsking(filled, targets, { run })];
    },
  };
}

export const serviceHealth: Measurement = serviceRead(
  costRow("service-health", "health of a service with 10 instances"),
  "/v1/health/service/",
);

export const catalogService: Measurement = serviceRead(
  costRow("catalog-service", "catalog of a service with 10 instances"),
  "/v1/catalog/service/",
);

/** Measures the list of critical checks, which is empty at any size: all checks pass. */
export const criticalChecks: Measurement = {
  rows: [costRow("state-critical", "health of all that is critical: nothing")],
  measure: async (filled, run) => [await costOfAsking(filled, ["/v1/health/state/critical?n="], { run })],
};

/**
 * Queries a hundred service names, each in many letter cases: these are the same name to DNS, but different questions to a cache
 * of packets.
 */
export const dnsA: Measurement = {
  rows: [costRow("dns-a", "DNS: A of a service with 10 instances")],
  async measure({ contender, size }) {
    const names = spread(100, serviceCount(size)).map(serviceAt);
    const questions = Array.from({ length: 60_000 }, (_none, at) => `${spelled(names[at % 100] ?? "", at)} A`);
    const work = async (): Promise<number> =>
      (await runDnsperf(contender.dnsPort, questions.join("\n"), { seconds: dnsSeconds, edns: false })).value *
      dnsSeconds;
    return [await costOf(contender, work)];
  },
};

/** Returns `name.service.consul`, in which the bits of `spelling` determine which letters are capitals. */
function spelled(name: string, spelling: number): string {
  let bits = spelling;
  return `${name}.service.consul`.replace(/[a-z]/g, (letter) => {
    const isCapital = bits % 2 === 1;
    bits = Math.floor(bits / 2);
    return isCapital ? letter.toUpperCase() : letter;
  });
}

export const registration: Measurement = creation(costRow("registration", "register a new service with the agent"), {
  path: "/v1/agent/service/register",
  bodyOf: (id) => ({ ID: id, Name: "local", Address: "127.0.0.1", Port: 8_080 }),
});

export const sessionCreate: Measurement = creation(costRow("session-create", "create a session"), {
  path: "/v1/session/create",
  bodyOf: (id) => ({ Name: id, LockDelay: "0s" }),
});

function creation(
  row: GrowthRow,
  { path, bodyOf }: { readonly path: string; readonly bodyOf: (id: string) => object },
): Measurement {
  return {
    rows: [row],
    async measure(filled, run) {
      const work = async (): Promise<number> => {
        await writeNew(filled, { count: newRows, path, bodyOf: (write) => bodyOf(`${run}-${write}`) });
        return newRows;
      };
      return [await costOf(filled.contender, work)];
    },
  };
}

export const ttlUpdate: Measurement = {
  rows: [costRow("ttl-update", "update a TTL check")],
  async prepare({ contender }) {
    for (let check = 0; check < ttlChecks; check += 1)
      await contender.put("/v1/agent/check/register", {
        ID: `ttl-${check}`,
        Name: "alive",
        TTL: "1h",
        Status: "passing",
      });
  },
  async measure(filled, run) {
    const targets = Array.from({ length: ttlChecks }, (_none, check) => `/v1/agent/check/pass/ttl-${check}`);
    return [await costOfAsking(filled, targets, { run, method: "PUT" })];
  },
};
