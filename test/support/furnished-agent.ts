import { exchange } from "./exchange.ts";
import { startTarget, type Target } from "./target.ts";

/** Starts an agent in which every screen of the browser UI has something to show: services in each status, a session, keys. */
export async function startFurnishedAgent(...words: readonly string[]): Promise<Target> {
  const agent = await startTarget("-ui", ...words);
  await furnish(agent.url);
  return agent;
}

/** Registers services "web", "oven" (critical), "pump" (warning), a key below "edgex/", and a session. */
export async function furnish(url: string): Promise<void> {
  const put = async (path: string, body?: unknown): Promise<void> => {
    const { status, text } = await exchange(url, "PUT", { path, body });
    if (status !== 200) throw new Error(`PUT ${path}: ${status} ${text}`);
  };
  for (const [name, status, output] of [
    ["web", "pass", "ok"],
    ["oven", "fail", "300 degrees"],
    ["pump", "warn", "pressure 0.4 bar of 2 bar"],
  ] as const) {
    await put("/v1/agent/service/register", {
      ...{ Name: name, Address: "192.0.2.7", Port: 8080, Tags: ["blue"], Meta: { line: "4" } },
      Check: { CheckID: name, Name: `${name} check`, TTL: "1h" },
    });
    await put(`/v1/agent/check/${status}/${name}?note=${encodeURIComponent(output)}`);
  }
  await put("/v1/kv/edgex/core/2.0/device-virtual/Writable/LogLevel", "INFO");
  await put("/v1/session/create", { Name: "commander", TTL: "1h" });
}
