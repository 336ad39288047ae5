import { expect, test } from "bun:test";
import { join } from "node:path";
import { startCannedAgent } from "../../test/support/canned-agent.ts";

const program = `
import { ConfigurationClient } from "${join(import.meta.dir, "configuration-client.ts")}";
import { HttpClient } from "${join(import.meta.dir, "http.ts")}";
import { RegistryClient } from "${join(import.meta.dir, "registry-client.ts")}";
import { systemClock } from "${join(import.meta.dir, "../lib/clock.ts")}";

const http = new HttpClient({ baseUrl: process.argv[2] ?? "", clock: systemClock });
const registry = new RegistryClient({
  http, serviceKey: "x", serviceHost: "h", servicePort: 1, checkRoute: "/", checkInterval: "1s",
});
console.log(await registry.isAlive());
const gone = new HttpClient({ baseUrl: "http://127.0.0.1:2", clock: systemClock });
console.log(await gone.request({ path: "/" }).catch((error) => error.message));
const configuration = new ConfigurationClient({ http, basePath: "base" });
const watch = configuration.watchForChanges("Writable", {
  defaults: { LogLevel: "INFO" },
  onUpdate(update) { console.log(update.LogLevel); watch.stop(); },
  onError: console.error,
});
`;

test("the client runs on Node as it does on Bun", async () => {
  using agent = startCannedAgent(({ target }) => {
    if (target === "/v1/status/leader") return Response.json("127.0.0.1:8300");
    const rows = [{ Key: "base/Writable/LogLevel", Value: btoa("DEBUG") }];
    return Response.json(rows, { headers: { "X-Consul-Index": "1" } });
  });
  const [bundle] = (
    await Bun.build({ entrypoints: ["/program.ts"], files: { "/program.ts": program }, target: "node" })
  ).outputs;
  const arguments_ = ["--input-type=module", "-", agent.url];
  const node = Bun.spawn(["node", ...arguments_], {
    stdin: new Blob([(await bundle?.text()) ?? ""]),
    stderr: "inherit",
  });
  expect(await new Response(node.stdout).text()).toBe(
    "true\ncannot reach http://127.0.0.1:2: connection refused\nDEBUG\n",
  );
});
