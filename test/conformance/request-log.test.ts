import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { exchange } from "../support/exchange.ts";
import { startTarget } from "../support/target.ts";
import { within } from "../support/within.ts";

const target = await startTarget("-log-level", "debug");
afterAll(() => target.stop());

/** Returns the log lines that report requests, without time, port and latency. */
async function requestLines(): Promise<readonly string[]> {
  const log = await Bun.file(join(target.dataDir, "target.log")).text();
  return log
    .split("\n")
    .filter((line) => line.includes(" agent.http: Request finished: ") && line.includes("logged"))
    .map((line) => line.replace(/^\s*\S+ /, "").replace(/(from=127\.0\.0\.1):\d+ latency=[\d.]+(?:µs|ms|s)$/, "$1"));
}

test("at level debug the agent logs each request on one line without its token, also if it sends a kept answer", async () => {
  const asked: readonly (readonly [method: string, path: string, shown?: string])[] = [
    ["GET", "/v1/kv/logged"],
    ["GET", "/v1/kv/logged"],
    ["GET", "/v1/kv/logged?raw&token=s3cret", "/v1/kv/logged?raw&token=<hidden>"],
    ["PUT", "/v1/kv/logged?flags=1"],
    ["GET", "/v1/kv/logged?recurse&index=1&wait=1ms"],
    ["GET", "/v1/agent/service/logged"],
    ["DELETE", "/v1/kv/logged%20by?token=s3cret&cas=0", "/v1/kv/logged%20by?token=<hidden>&cas=0"],
    ["PUT", "/v1/agent/service/deregister/logged"],
    ["GET", "/v1/catalog/nodes?dc=logged"],
  ];
  for (const [method, path] of asked) await exchange(target.url, method, { path });
  const lines = asked.map(
    ([method, path, shown = path]) =>
      `[DEBUG] agent.http: Request finished: method=${method} url=${shown} from=127.0.0.1`,
  );
  await within(10_000, async () => expect(await requestLines()).toEqual(lines));
  expect(await Bun.file(join(target.dataDir, "target.log")).text()).not.toContain("s3cret");
});
