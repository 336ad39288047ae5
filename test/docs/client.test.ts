import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ClientInstallation, installClientPackage } from "../support/client-package.ts";
import { exchange } from "../support/exchange.ts";
import { startTarget, type Target } from "../support/target.ts";

/*
 * The programs of docs/client.md, run as they stand there with the package as npm packs it. Only the agent's address is
 * replaced, and what the document supposes is brought about: a change of a port.
 */
const guide = readFileSync(join(resolve(import.meta.dir, "../.."), "docs/client.md"), "utf8");
const examples = [...guide.matchAll(/^```ts\n([\s\S]*?)^```$[\s\S]*?^```text\n([\s\S]*?)^```$/gm)].map(
  ([, program = "", printed = ""]) => ({ program, printed }),
);

let agent: Target;
let installed: ClientInstallation;

beforeAll(async () => {
  installed = installClientPackage();
  // Nobody has the port in truth, and an agent that looks after ports would see that.
  agent = await startTarget("-hcl", 'edgex { ports { policy = "off" } }');
}, 60_000);

afterAll(async () => {
  await agent.stop();
  installed[Symbol.dispose]();
});

test("every program of the guide says what it prints", () => {
  expect(examples.length).toBe(guide.split("```ts\n").length - 1);
  expect(examples.length).toBeGreaterThan(4);
});

test("every program of the guide is type-checked", () => {
  const programs = examples.map(({ program }) => program);
  expect(installed.typeFaults(programs, { lib: ["ES2022"], types: ["node"] })).toBe("");
}, 60_000);

describe.each(["node", "bun"] as const)("on %s", (runtime) => {
  test("every program of the guide prints what the guide says", async () => {
    for (const { program, printed } of examples) {
      await prepare();
      const here = program.replaceAll("http://localhost:8500", agent.url);
      expect(await installed.run(runtime, here)).toBe(printed);
    }
  }, 60_000);
});

async function prepare(): Promise<void> {
  const record = {
    ...{ id: "c1", revision: 1, service: "my-moving-service", host: "localhost", oldPort: 59_902, newPort: 59_903 },
    ...{ owner: "edgex-core-data", reason: "port 59902 is taken", at: "2026-01-01T00:00:00Z", state: "pending" },
  };
  await exchange(agent.url, "PUT", { path: "/v1/agent/service/deregister/my-data" });
  await exchange(agent.url, "DELETE", { path: "/v1/kv/edgex/core/1.0/my-service?recurse" });
  await exchange(agent.url, "PUT", { path: "/v1/kv/edgex/registry/ports/my-moving-service", body: record });
}
