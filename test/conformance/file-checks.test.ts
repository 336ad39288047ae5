import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exchange } from "../support/exchange.ts";
import { startTarget } from "../support/target.ts";

const schedule = { interval: "1h" };

const definitions = {
  http: { http: "http://127.0.0.1:1/", ...schedule },
  tcp: { tcp: "127.0.0.1:1", ...schedule },
  script: { args: ["true"], ...schedule },
  docker: { docker_container_id: "none", args: ["true"], ...schedule },
  grpc: { grpc: "127.0.0.1:1", ...schedule },
  ttl: { ttl: "1h" },
  alias: { alias_service: "web" },
} as const;

const kinds = Object.keys(definitions);

const document = {
  service: { name: "web", checks: Object.values(definitions).map((check, at) => ({ name: kinds[at], ...check })) },
  checks: [
    ...Object.entries(definitions).map(([kind, check]) => ({ id: `alone-${kind}`, name: kind, ...check })),
    { id: "alone-with-service", name: "ttl", service_id: "web", ...definitions.ttl },
  ],
};

const folder = mkdtempSync(join(tmpdir(), "file-checks-"));
writeFileSync(join(folder, "checks.json"), JSON.stringify(document));
const target = await startTarget("-config-dir", folder);
afterAll(async () => {
  await target.stop();
  rmSync(folder, { recursive: true });
});

async function typesByCheck(path: string): Promise<Record<string, string>> {
  const { json } = await exchange(target.url, "GET", { path });
  const checks = Object.values(json as Record<string, { CheckID: string; Type: string }>);
  return Object.fromEntries(
    checks.filter(({ CheckID }) => CheckID !== "serfHealth").map(({ CheckID, Type }) => [CheckID, Type]),
  );
}

test.each(["/v1/agent/checks", "/v1/health/node/node1"])(
  "at %s a check within a service of a configuration file has a Type, and a check outside of services has none",
  async (path) => {
    const inService = kinds.map((kind, at) => [`service:web:${at + 1}`, kind]);
    const alone = [...kinds, "with-service"].map((kind) => [`alone-${kind}`, ""]);
    expect(await typesByCheck(path)).toEqual(Object.fromEntries([...inService, ...alone]));
  },
);
