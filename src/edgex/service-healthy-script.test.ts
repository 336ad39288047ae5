import { expect, test } from "bun:test";
import { startCannedAgent } from "../../test/support/canned-agent.ts";
import { serviceHealthyScript } from "./service-healthy-script.ts";

async function exitCodeFor(service: string | undefined, answer: unknown, status = 200): Promise<number> {
  using agent = startCannedAgent(() => Response.json(answer, { status }));
  const words = ["sh", "-s", ...(service === undefined ? [] : [service])];
  const script = Bun.spawn(words, {
    stdin: new Blob([serviceHealthyScript.content]),
    env: { PATH: process.env["PATH"] ?? "", EDGEX_CONSUL_URL: agent.url },
    stdout: "ignore",
    stderr: "ignore",
  });
  return await script.exited;
}

const check = (status: string): object => ({ CheckID: "c", Status: status, Output: 'says "Status":"critical"' });

test.each([
  ["one passing check", [check("passing")], 0],
  ["a warning among them", [check("passing"), check("warning")], 2],
  ["a critical one, in any order", [check("critical"), check("passing")], 2],
  ["no checks", [], 2],
])("consul-svc-healthy.sh exits 0 only if all checks of the service pass: %s", async (_what, checks, code) => {
  expect(await exitCodeFor("kong", checks)).toBe(code);
});

test("consul-svc-healthy.sh exits 2 if the agent fails, and 1 for an invalid service name", async () => {
  expect(await exitCodeFor("kong", [check("passing")], 500)).toBe(2);
  expect(await exitCodeFor(undefined, [])).toBe(1);
  expect(await exitCodeFor("a/../b", [])).toBe(1);
});
