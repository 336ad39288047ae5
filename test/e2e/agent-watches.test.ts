import { afterAll, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSandbox } from "../support/agent-process.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

const soonMs = 5_000;

interface Told {
  readonly body: { readonly Value: string } | null;
  readonly index: string | null;
  readonly header: string | null;
}

function textOf(value: string): string {
  return Buffer.from(value, "base64").toString();
}

test("an agent tells the handlers of its configuration what changes, and after a reload those that are there then", async () => {
  const told: Told[] = [];
  using listener = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { headers } = request;
      told.push({
        body: (await request.json()) as Told["body"],
        index: headers.get("x-consul-index"),
        header: headers.get("x-room"),
      });
      return new Response();
    },
  });
  const [first, second] = ["first", "second"].map((name) => join(sandbox.folder, name));
  const file = join(sandbox.folder, "watches.json");
  const configure = (script: string): void =>
    writeFileSync(
      file,
      JSON.stringify({
        watches: [
          { type: "key", key: "a", handler: `cat >${script}` },
          {
            ...{ type: "key", key: "a", handler_type: "http" },
            http_handler_config: { path: listener.url.href, header: { "X-Room": ["12"] } },
          },
        ],
      }),
    );
  configure(first ?? "");
  const agent = await sandbox.start("-data-dir", join(sandbox.folder, "data"), "-config-file", file);
  await agent.ready();
  await agent.send("PUT", "/v1/kv/a", { body: "one" });
  await within(soonMs, async () => {
    const last = told.at(-1);
    expect([textOf(last?.body?.Value ?? ""), last?.header]).toEqual(["one", "12"]);
    expect(Number(last?.index)).toBeGreaterThan(0);
    expect(textOf(JSON.parse(readFileSync(first ?? "", "utf8")).Value)).toBe("one");
  });
  configure(second ?? "");
  await agent.send("PUT", "/v1/agent/reload");
  await within(soonMs, async () => expect(existsSync(second ?? "")).toBe(true));
  await agent.send("PUT", "/v1/kv/a", { body: "two" });
  await within(soonMs, async () => {
    expect(textOf(JSON.parse(readFileSync(second ?? "", "utf8")).Value)).toBe("two");
    expect(textOf(told.at(-1)?.body?.Value ?? "")).toBe("two");
  });
  expect(textOf(JSON.parse(readFileSync(first ?? "", "utf8")).Value)).toBe("one");
});

test("a watch without a handler ends the agent's start, and says where it stands", async () => {
  const hcl = 'watches = [{ type = "key", key = "a" }]';
  const { code, output } = await sandbox.run("agent", "-dev", "-dns-port", "-1", "-hcl", hcl);
  expect(code).toBe(1);
  expect(output).toContain("Must define a watch handler");
});
