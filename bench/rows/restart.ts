import { entriesOf } from "../lib/contents.ts";
import type { Contender } from "../lib/contender.ts";
import { fill, filling, keyPath, keyValue, serviceName } from "../lib/fill.ts";
import type { Row } from "../lib/row.ts";
import { until } from "../lib/until.ts";

export const restartAfterStop: Row = row("restart-stopped", "restart after a stop (SIGTERM)", "SIGTERM");
export const restartAfterKill: Row = row("restart-killed", "restart after a kill (SIGKILL)", "SIGKILL");

function row(name: string, what: string, signal: "SIGTERM" | "SIGKILL"): Row {
  return {
    name,
    title: `${what} with ${count(filling.keys)} keys and ${count(filling.services)} services, to the first answer with them`,
    ...{ unit: "ms", better: "lower" },
    goal: { kind: "times", timesMin: 10 },
    async prepare(contender) {
      await fill(contender, filling);
      await until("the catalog has all services", { withinMs: 60_000, everyMs: 100 }, () => hasAll(contender));
    },
    async measure(contender) {
      await contender.end(signal);
      const startMs = performance.now();
      contender.spawnAgain();
      await until("there are answers with the data", { withinMs: 60_000, everyMs: 2 }, () => hasNewest(contender));
      const value = performance.now() - startMs;
      if (!(await hasAll(contender))) throw new Error(`${contender.name} has lost keys or services`);
      return { value };
    },
  };
}

/** Returns whether the agent answers with the last key written and the last service registered. */
async function hasNewest(contender: Contender): Promise<boolean> {
  const key = filling.keys - 1;
  const value = await tryGet(contender, `/v1/kv/${keyPath(key)}?raw`);
  if (value !== keyValue(key)) return false;
  const name = serviceName(filling.services - 1);
  return (await tryGet(contender, `/v1/catalog/service/${name}`))?.includes(`"ServiceID":"${name}"`) === true;
}

async function hasAll(contender: Contender): Promise<boolean> {
  const services = entriesOf((await tryGet(contender, "/v1/catalog/services")) ?? "[]");
  const keys = entriesOf((await tryGet(contender, "/v1/kv/bench/filled/?keys")) ?? "[]");
  // The catalog has one more service, `consul`, since the server registers itself.
  return services === filling.services + 1 && keys === filling.keys;
}

/** Sends a GET request. Returns the answer's body; undefined while the agent does not listen, or answers with an error. */
async function tryGet(contender: Contender, path: string): Promise<string | undefined> {
  await contender.expectRunning();
  try {
    const response = await fetch(contender.url + path);
    const text = await response.text();
    return response.ok ? text : undefined;
  } catch {
    return undefined;
  }
}

function count(number: number): string {
  return number.toLocaleString("en");
}
