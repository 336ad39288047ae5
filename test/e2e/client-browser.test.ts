import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClientInstallation, installClientPackage } from "../support/client-package.ts";
import { patienceMs } from "../support/patience.ts";
import { startTarget, type Target } from "../support/target.ts";

/**
 * Returns the script of a page that uses the package and reports the results: with an agent that allows the page's origin, and
 * with one that does not.
 */
const script = (agent: string, closed: string): string => `
  import { createConfigurationClient, createRegistryClient } from "/client-package.js";
  const lines = [];
  const report = (...words) => lines.push(words.join(" "));
  try {
    const client = createConfigurationClient({ url: "${agent}", basePath: "dashboard", accessToken: "any" });
    report("alive", await client.isAlive());
    await client.putConfiguration({ Writable: { LogLevel: "INFO", Depth: 3 } }, { overwrite: true });
    const { Writable } = await client.getConfiguration({ Writable: { LogLevel: "", Depth: 0 } });
    report("read", Writable.LogLevel, Writable.Depth + 1);
    report("there", await client.configurationValueExists("Writable/Depth"), await client.configurationValueExists("Other"));
    const watching = () => new Promise((resolve) => {
      const watch = client.watchForChanges("Writable", {
        defaults: { LogLevel: "" },
        onUpdate({ LogLevel }) {
          if (LogLevel === "DEBUG") resolve(watch.stop());
          else first(LogLevel);
        },
        onError: (error) => resolve(report("watch failed", error.message)),
        quietPeriod: { quietMs: 10, maxMs: 100 },
      });
    });
    let told = 0;
    const first = (level) => {
      report("watched", level);
      if ((told += 1) === 2) void client.putConfigurationValue("Writable/LogLevel", "DEBUG");
    };
    const startMs = performance.now();
    await Promise.all([watching(), watching()]);
    report("both told", performance.now() - startMs < ${patienceMs(5_000)} ? "at once" : "late");
    const registry = createRegistryClient({ url: "${agent}", serviceKey: "page" });
    report("services", (await registry.getAllServiceEndpoints()).length);
    const closed = createConfigurationClient({ url: "${closed}", basePath: "dashboard" });
    report("closed", await closed.hasConfiguration().catch((error) => error.kind));
  } catch (error) {
    report("failed", error?.stack ?? error);
  }
  await fetch("/report", { method: "POST", body: lines.join("\\n") });
`;

const headers = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, PUT",
  "Access-Control-Allow-Headers": "*",
  "Access-Control-Expose-Headers": "X-Consul-Index",
};
const lines = Object.entries(headers).map(([name, value]) => `${name} = "${value}"`);

let open: Target;
let closed: Target;
let installed: ClientInstallation;

beforeAll(async () => {
  installed = installClientPackage();
  open = await startTarget("-hcl", `http_config { response_headers { ${lines.join("\n")} } }`);
  closed = await startTarget();
});

afterAll(async () => {
  await Promise.all([open.stop(), closed.stop()]);
  installed[Symbol.dispose]();
});

test("the package's clients work in a browser page if the agent allows the page's origin", async () => {
  const program = (path: string): Response =>
    new Response(Bun.file(join(installed.folder, "node_modules/praetor-client", path)));
  const reported = Promise.withResolvers<string>();
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    routes: {
      "/": () => html(`<!doctype html><title>x</title><script type="module">${script(open.url, closed.url)}</script>`),
      "/client-package.js": () => program("client-package.js"),
      "/parts/:part": ({ params }) => program(`parts/${params.part}`),
      "/report": async (request) => {
        reported.resolve(await request.text());
        return new Response();
      },
    },
  });
  await using _browser = openBrowser(`http://127.0.0.1:${server.port}/`);
  expect(await reported.promise).toBe(
    "alive true\nread INFO 4\nthere true false\nwatched INFO\nwatched INFO\nboth told at once\nservices 0\nclosed unavailable",
  );
});

function html(text: string): Response {
  return new Response(text, { headers: { "Content-Type": "text/html; charset=utf-8" } });
}

function openBrowser(url: string): AsyncDisposable {
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  const quiet = ["--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"];
  const command = ["chromium", "--headless", "--no-sandbox", ...quiet, `--user-data-dir=${profile}`, url];
  const browser = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  return {
    async [Symbol.asyncDispose]() {
      browser.kill();
      await browser.exited;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
