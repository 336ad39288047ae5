import type { Page } from "playwright-core";

/** The time of the pictures: the moment that the page's clock shows. */
export const startMs: number = Date.UTC(2026, 0, 1, 2, 14, 7);

/** When the agent and the services started, in the format of RFC 3339. */
const started = "2026-01-01T00:03:07Z";

export const reason = "connection refused at 127.0.0.1:48082";

/** The folder of the settings of device-virtual. */
export const settings = "edgex/devices/1.0/device-virtual";

/** Settings that device-virtual reads when it starts. */
const serviceSettings = {
  ...{ AsyncBufferSize: "16", ConnectRetries: "3", EnableAsyncReadings: "true", Host: "127.0.0.1", Port: "49990" },
  ...{ Protocol: "http", StartupMsg: "device virtual started", Timeout: "5000" },
};

/** The services of EdgeX Geneva that a gateway has at least: name, port, and the reason if the service does not pass. */
const services: readonly (readonly [name: string, port: number, status: "pass" | "warn" | "fail", reason: string])[] = [
  ["edgex-core-metadata", 48081, "pass", "200 OK"],
  ["edgex-core-data", 48080, "pass", "200 OK"],
  ["edgex-core-command", 48082, "fail", reason],
  ["edgex-support-notifications", 48060, "pass", "200 OK"],
  ["edgex-support-scheduler", 48085, "warn", "answered after 4.1 s"],
  ["edgex-sys-mgmt-agent", 48090, "pass", "200 OK"],
  ["device-virtual", 49990, "pass", "200 OK"],
  ["device-modbus", 28000, "pass", "200 OK"],
  ["AppService-rules-engine", 48100, "pass", "200 OK"],
];

/** The versions of one key, the oldest first: each with its value, and who wrote it and why. */
const versions = [
  { value: "INFO", writer: "device-virtual/1.2.0", reason: "" },
  { value: "DEBUG", writer: "curl/7.68.0", reason: "looking for lost readings" },
  { value: "INFO", writer: "praetor/0.1.0", reason: "the readings were not lost: the sensor was off" },
] as const;

/** Ten minutes of some metrics, in which the load comes and goes. */
const series = (
  [
    ["consul.kvs.apply", "sample", 2.4],
    ["consul.raft.apply", "counter", 12],
    ["consul.raft.commitTime", "sample", 1.9],
    ["consul.rpc.query", "counter", 60],
    ["consul.runtime.alloc_bytes", "gauge", 41_000_000],
    ["consul.runtime.sys_bytes", "gauge", 96_000_000],
  ] as const
).map(([Name, Kind, mean], at) => ({
  ...{ Name, Kind },
  Values: Array.from({ length: 60 }, (_, step) => mean * (1 + 0.2 * Math.sin(step / (5 + at)))),
}));

/** Registers the services of the gateway with the agent, and writes what the other screens show. */
export async function register(url: string): Promise<void> {
  const put = async (path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<void> => {
    const response = await fetch(url + path, {
      ...{ method: "PUT", headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
  };
  for (const [Name, Port, status, output] of services) {
    await put("/v1/agent/service/register", {
      ...{ Name, Port, Address: "127.0.0.1" },
      Check: { CheckID: Name, Name: `Health Check: ${Name}`, TTL: "24h" },
    });
    await put(`/v1/agent/check/${status}/${Name}?note=${encodeURIComponent(output)}`);
  }
  for (const { value, writer, reason: why } of versions) {
    await put(`/v1/kv/${settings}/Writable/LogLevel`, value, {
      "User-Agent": writer,
      ...(why !== "" && { "X-Praetor-Reason": why }),
    });
  }
  for (const [name, value] of Object.entries(serviceSettings)) await put(`/v1/kv/${settings}/Service/${name}`, value);
  await put("/v1/session/create", { Name: "commander", TTL: "24h" });
  await put("/v1/kv/edgex/registry/ports/device-modbus", {
    ...{ id: "4b3a44e3-3b7c-4a2e-9a55-0e7a5b5a9f10", revision: 2, service: "device-modbus", host: "127.0.0.1" },
    ...{ oldPort: 49990, newPort: 28000, owner: "device-virtual", state: "active", at: started },
    reason: "the service has registered its new port",
  });
}

interface Place {
  readonly url: string;
  /** The agent's data folder. */
  readonly folder: string;
  /** The agent's ports for HTTP, Serf and servers. */
  readonly ports: readonly [http: number, serf: number, server: number];
}

/** Takes out of the agent's answers what depends on the machine and the moment, so that pictures change only with the screens. */
export async function standStill(page: Page, { url, folder, ports: [http, serf, server] }: Place): Promise<void> {
  const change = (path: string, into: (text: string) => string): Promise<unknown> =>
    page.route(`**/v1/${path}`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: into(await response.text()) });
    });
  const withoutPlace = (text: string): string =>
    text
      .replaceAll(folder, "/var/lib/praetor")
      .replaceAll(`${http}`, "8500")
      .replaceAll(`${serf}`, "8301")
      .replaceAll(`${server}`, "8300");
  await change("agent/self", withoutPlace);
  await change("agent/host", (text) => {
    const host = JSON.parse(text) as object;
    const GiB = 2 ** 30;
    const Disk = { path: "/var/lib/praetor", total: 32 * GiB, free: 21 * GiB };
    return JSON.stringify({ ...host, Memory: { total: 4 * GiB, available: 2.6 * GiB }, Disk });
  });
  await change("praetor/doctor", (text) => {
    const { Findings } = JSON.parse(text) as { readonly Findings: readonly { readonly Problem: string }[] };
    return JSON.stringify({ Findings: Findings.filter(({ Problem }) => Problem.includes(reason)), NotLookedAt: [] });
  });
  await change("praetor/metrics-series*", () => JSON.stringify({ IntervalSeconds: 10, Series: series }));
  for (const path of ["health/**", "praetor/overview", "praetor/transitions*"])
    await change(path, (text) => text.replaceAll(/"(Since|At|StartedAt)":"[^"]*"/g, `"$1":"${started}"`));
  await change("praetor/kv-history/**", (text) => {
    let minutes = 0;
    return text.replaceAll(
      /"Time":"[^"]*"/g,
      () => `"Time":"${new Date(startMs - (minutes += 40) * 60_000).toISOString()}"`,
    );
  });
  await change("session/list", (text) => text.replace(/"ID":"[^"]*"/, '"ID":"3383a5f4-2a15-4ce1-8eec-b9aa77a3c8de"'));
  await page.route("**/v1/agent/monitor*", async (route) => {
    const { Lines } = (await (await fetch(`${url}/v1/praetor/log?lines=1000`)).json()) as { readonly Lines: string[] };
    const still = withoutPlace(Lines.join("\n")).replaceAll(/^\S+/gm, started);
    await route.fulfill({ body: `${still}\n` });
  });
}
