import type { Contender } from "../lib/contender.ts";
import type { Row } from "../lib/row.ts";
import { median } from "../lib/statistics.ts";

export const commandKvGet: Row = row("command-kv-get", "the command `kv get`, from its start to its end", [
  "kv",
  "get",
  "bench/started",
]);
export const commandVersion: Row = row("command-version", "the command `version`, from its start to its end", [
  "version",
]);

/** Returns a benchmark row that runs a command of each contender's program against that contender's agent. */
function row(name: string, title: string, words: readonly string[]): Row {
  return {
    ...{ name, title, unit: "ms", better: "lower" },
    goal: { kind: "below", valueMax: 50 },
    async measure(contender, seconds) {
      const untilMs = performance.now() + seconds * 1_000;
      const times: number[] = [];
      while (performance.now() < untilMs) times.push(await timeOf(contender, words));
      return { value: median(times) };
    },
  };
}

async function timeOf({ binary, url, name }: Contender, words: readonly string[]): Promise<number> {
  const startMs = performance.now();
  const child = Bun.spawn([binary, ...words], {
    env: { ...process.env, CONSUL_HTTP_ADDR: url },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await child.exited;
  if (code !== 0) throw new Error(`${name}: ${words.join(" ")} ended with exit code ${code}`);
  return performance.now() - startMs;
}
