import { describe, expect, test } from "bun:test";
import { definitionFiles } from "./definitions.ts";

/** Interval and timeout of every script check. */
const everySecond = { interval: "1s", timeout: "1s" };

/** The service in each file of docker-edgex-consul 1.2.0, with `praetor checker NAME` in place of the script. */
const geneva: Readonly<Record<string, unknown>> = {
  "01-redis.json": {
    name: "edgex-redis",
    tags: ["database"],
    address: "edgex-redis",
    port: 6379,
    checks: [{ name: "status", tcp: "edgex-redis:6379", interval: "10s", timeout: "1s" }],
  },
  "01-mongo.json": {
    name: "edgex-mongo",
    tags: ["database", "nosql"],
    address: "edgex-mongo",
    port: 27017,
    checks: [{ name: "status", tcp: "edgex-mongo:27017", interval: "10s", timeout: "1s" }],
  },
  "02-kong.json": {
    name: "kong",
    address: "kong",
    port: 8001,
    checks: [{ name: "Health Check: kong", http: "http://kong:8001/status", method: "GET", ...everySecond }],
  },
  "02-kong-db.json": scripted("kong-db", "Health Check: kong-db (postgres)", ["database"]),
  "02-kong-migrations.json": scripted("kong-migrations"),
  "02-security-secrets-setup.json": scripted("security-secrets-setup"),
  "02-security-secretstore-setup.json": scripted("security-secretstore-setup"),
  "02-security-proxy-setup.json": scripted("security-proxy-setup"),
};

function scripted(name: string, checkName = `Health Check: ${name}`, ...[tags = []]: string[][]): object {
  const args = ["praetor", "checker", name, "--agent", "http://127.0.0.1:8500"];
  return { name, tags, checks: [{ name: checkName, args, ...everySecond }] };
}

describe("the definition files of praetor edgex", () => {
  const settings = { isSecure: true, executable: ["praetor"], agentUrl: "http://127.0.0.1:8500" };
  const files = new Map(
    (["redis", "mongo"] as const)
      .flatMap((database) => definitionFiles({ ...settings, database }))
      .map(({ name, content }) => [name, JSON.parse(content) as Readonly<Record<string, unknown>>]),
  );

  test.each(Object.entries(geneva))("have in %s the same service and check as Geneva's file", (name, service) => {
    expect(files.get(name)).toEqual({ service });
  });

  test("always include 00-consul.json, which allows script checks in files", () => {
    expect(files.get("00-consul.json")).toEqual({ enable_local_script_checks: true });
    const bare = definitionFiles({ ...settings, database: "none", isSecure: false });
    expect(bare.map(({ name }) => name)).toEqual(["00-consul.json", "00-praetor.json"]);
  });

  test("include Praetor's own settings in 00-praetor.json, which sorts before an operator's files", () => {
    const ports = { keeper: 59_890 };
    expect(files.get("00-praetor.json")).toEqual({ ports, edgex: { ports: { policy: "reassign" } } });
    const messageBus = { url: "mqtt://broker:1883", cbor: true } as const;
    const content = definitionFiles({ ...settings, database: "none", isSecure: false, messageBus })[1]?.content ?? "";
    expect(JSON.parse(content)).toEqual({ ports, edgex: { ports: { policy: "reassign" }, message_bus: messageBus } });
  });

  test("are 00-consul.json, 00-praetor.json and those of Geneva's services, and no others", () => {
    expect([...files.keys()].toSorted()).toEqual(
      ["00-consul.json", "00-praetor.json", ...Object.keys(geneva)].toSorted(),
    );
  });
});
