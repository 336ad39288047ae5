import { afterAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { differs } from "../support/conformance.ts";
import { exchange } from "../support/exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { startTarget, type Target } from "../support/target.ts";
import recorded from "./debug-config.json" with { type: "json" };

const [dnsPort = 0] = await freePorts(1);
const http = "127.0.0.1 ::1 unix://SOCKET";
const words = [
  ...["-dns-port", `${dnsPort}`, "-log-level", "DEBUG", "-retry-join", "provider=aws tag_key=a secret_access_key=b"],
  ...[
    "-hcl",
    `node_meta { rack = "1" api_token = "t" } http_config { response_headers { X-Token = "t", X-Site = "7" } }`,
  ],
  ...["-hcl", `limits { kv_max_value_size = 1000, http_max_conns_per_client = 77 } max_query_time = "90m"`],
  ...["-hcl", `dns_config { node_ttl = "10s", service_ttl = { "*" = "5s", web = "90s" }, soa { refresh = 1 } }`],
  ...["-hcl", `telemetry { prometheus_retention_time = "90s" } watches = [{ type = "nodes", args = ["true"] }]`],
  ...["-hcl", `acl { tokens { default = "5a8b1a2e-7d3c-4f55-9a51-0123456789ab" } }`],
];
const socket = join(tmpdir(), `debug-config-${process.pid}.sock`);
const target = await startTarget(
  ...words,
  ...["-hcl", `addresses { dns = "127.0.0.1 ::1", http = "${http.replace("SOCKET", socket)}" }`],
);
afterAll(async () => {
  await target.stop();
  rmSync(socket, { force: true });
});

/** Returns the agent's DebugConfig, with a name in place of each value that differs between runs. */
async function debugConfigOf({ url, ports, dataDir }: Target): Promise<Record<string, unknown>> {
  const { text } = await exchange(url, "GET", { path: "/v1/agent/self" });
  const named = [
    ...ports.map((port, at) => [String(port), ["HTTP", "LAN", "WAN", "SERVER"][at] ?? ""] as const),
    ...([
      [String(dnsPort), "DNS"],
      [socket, "/SOCKET"],
      [dataDir, "/FOLDER"],
    ] as const),
  ];
  const { DebugConfig } = JSON.parse(text) as { DebugConfig: Record<string, unknown> };
  let shown = JSON.stringify({ ...DebugConfig, NodeID: typeof DebugConfig["NodeID"] });
  for (const [value, name] of named) shown = shown.replaceAll(new RegExp(`(?<!\\d)${value}(?!\\d)`, "g"), name);
  return JSON.parse(shown.replaceAll(/:(HTTP|LAN|WAN|SERVER|DNS)(?=[,}])/g, ':"$1"')) as Record<string, unknown>;
}

describe("DebugConfig", () => {
  test("has Consul's fields in Consul's order, with Consul's types and values", async () => {
    const found = await debugConfigOf(target);
    const expected: Record<string, unknown> = { ...recorded };
    if (differs("praetor", "has no update check, lists what is in force, and no elections to time")) {
      Object.assign(expected, {
        ...{ DisableAnonymousSignature: true, DisableUpdateCheck: true, SessionTTLMin: "10s" },
        Logging: { ...recorded.Logging, LogRotateDuration: "24h0m0s" },
        ...{ ConsulRaftElectionTimeout: "5s", ConsulRaftHeartbeatTimeout: "5s", ConsulRaftLeaderLeaseTimeout: "2.5s" },
      });
    }
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    expect(found).toEqual(expected);
  });
});
