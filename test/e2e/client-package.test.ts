import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { type ClientInstallation, installClientPackage } from "../support/client-package.ts";
import { exchange } from "../support/exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { startTarget, type Target } from "../support/target.ts";

/**
 * A program that uses the parts of the package which docs/client.md leaves out: lists, call options, a port change that the
 * service and its peers receive, and the kind of an error.
 */
const program = `
import {
  type CallOptions, type Clock, type ConfigurationClient, createConfigurationClient, createRegistryClient, type EndpointWatch,
  type ErrorKind, OperatingError, type PortChange, type RegistryClient, type ServiceEndpoint, type Stop,
} from "praetor-client";

const url = "AGENT";
const options: CallOptions = { timeoutMs: 10_000 };
const registry: RegistryClient = createRegistryClient({
  url, serviceKey: "packed", serviceHost: "127.0.0.1", servicePort: 59_950, checkRoute: "/ping", checkInterval: "10s",
});
const configuration: ConfigurationClient = createConfigurationClient({ host: new URL(url).hostname, port: Number(new URL(url).port), basePath: "packed" });

await configuration.putConfiguration({ Deep: { List: [1, 2, 3], Flag: true } }, { overwrite: true, ...options });
const { Deep } = await configuration.getConfiguration({ Deep: { List: [0], Flag: false } }, options);
console.log(Deep.List.map((each) => each * 2).join(), Deep.Flag);

const portKeys = createConfigurationClient({ url, basePath: "edgex/registry/ports" });
const stops: Stop[] = [];
await registry.register(options);
const changed = new Promise<PortChange>((resolve) => {
  stops.push(registry.onPortChanged({ onChange: resolve, onError: console.error }));
});
const record = { id: "c1", revision: 1, service: "packed", host: "127.0.0.1", oldPort: 59_950, newPort: 59_951 };
await portKeys.putConfigurationValue("packed", JSON.stringify({ ...record, owner: "x", reason: "y", at: "", state: "pending" }));
console.log("change to", (await changed).newPort);
const moved = new Promise<ServiceEndpoint>((resolve) => {
  const watch: EndpointWatch = {
    onEndpoint: (endpoint) => { if (endpoint?.port === 59_951) resolve(endpoint); },
    onError: console.error,
  };
  stops.push(registry.watchServiceEndpoint("packed", watch));
});
console.log("registered at", (await moved).port);
for (const each of stops) each.stop();
await registry.unregister();

const kind: ErrorKind | undefined = await registry
  .getServiceEndpoint("packed")
  .then(() => undefined, (error: unknown) => (error instanceof OperatingError ? error.kind : undefined));
console.log(kind);
const clock: Clock | undefined = undefined;
console.log(clock === undefined);
`;

/** A program that follows the changes of keys, resumes, learns that some are no longer kept, and ends. */
const following = `
import { type KeyChangesOptions, OperatingError, streamKeyChanges, type StreamedChange, type StreamedChanges } from "praetor-client";

const url = "AGENT";
async function put(key: string, value: string): Promise<number> {
  // Writes with different reasons are no burst.
  const headers = { "X-Praetor-Reason": value };
  await fetch(url + "/v1/kv/" + key, { method: "PUT", body: value, headers });
  const [entry] = await (await fetch(url + "/v1/kv/" + key)).json();
  return entry.ModifyIndex;
}
async function take(count: number, options: Omit<KeyChangesOptions, "url">): Promise<StreamedChanges[]> {
  const taken: StreamedChanges[] = [];
  for await (const each of streamKeyChanges({ url, ...options })) {
    taken.push(each);
    if (taken.length === count) break;
  }
  return taken;
}
const text = ({ key, operation, value }: StreamedChange): string => [operation, key, value && new TextDecoder().decode(value)].join(" ");
const show = ({ changes }: StreamedChanges): void => console.log(changes === "compacted" ? changes : changes.map(text).join());

const first = await put("s/a", "1");
const live = take(2, { prefix: "s/", after: first });
await put("s/a", "2");
await fetch(url + "/v1/kv/s/a", { method: "DELETE" });
const seen = await live;
seen.forEach(show);
console.log("again");
(await take(1, { prefix: "s/", after: seen[0]?.index })).forEach(show);
const old = await put("s/b", "1");
for (const value of ["2", "3", "4"]) await put("s/b", value);
(await take(1, { prefix: "s/", after: old })).forEach(show);
const ending = new AbortController();
setTimeout(() => ending.abort(), 100);
console.log((await take(1, { prefix: "s/", signal: ending.signal })).length);
const gone = await take(1, { prefix: "s/", host: "127.0.0.1", port: 2, url: undefined } as never).catch((error: unknown) => error);
console.log(gone instanceof OperatingError && gone.kind);
`;

const followed = "set s/a 2\ndelete s/a \nagain\ndelete s/a \ncompacted\n0\nunavailable\n";

/** A service that uses every export of praetor-client/bootstrap and is compiled without Node's types. */
const starting = `
import {
  bootstrap, type BootstrapOptions, type CloseListener, type Service, type ServiceConfiguration, type ServiceLog,
  type WritableListener, type WritableOf,
} from "praetor-client/bootstrap";

interface Settings extends ServiceConfiguration { readonly Writable: { readonly Limit: number } }
const log: ServiceLog = console;
const close: CloseListener = () => {};
export async function start(options: Omit<BootstrapOptions<Settings>, "listen">): Promise<WritableOf<Settings>> {
  const service: Service<Settings> = await bootstrap({ ...options, log, listen: () => close });
  const onLimit: WritableListener<Settings> = ({ Limit }) => log.info(String(Limit));
  service.onWritableChange(onLimit);
  return service.configuration.Writable;
}
`;

const printed = "2,4,6 true\nchange to 59951\nregistered at 59951\nnot-found\ntrue\n";

let agent: Target;
let installed: ClientInstallation;

beforeAll(async () => {
  installed = installClientPackage();
  agent = await startTarget("-hcl", "kv_history { changes = 2 }");
});

afterAll(async () => {
  await agent.stop();
  installed[Symbol.dispose]();
});

describe("the published package", () => {
  test("contains its programs, declarations, guide and licence, and depends on no package", () => {
    const others = installed.packed.filter((path) => !path.startsWith("types/") && !path.startsWith("parts/"));
    const programs = ["client-package-bootstrap.js", "client-package.js"];
    expect(others.toSorted()).toEqual(["LICENSE", "NOTICE", "README.md", "bootstrap.md", ...programs, "package.json"]);
    expect(installed.packed).toContain("types/client-package.d.ts");
    expect(readFileSync(join(installed.folder, "node_modules/praetor-client/NOTICE"), "utf8")).toMatch(
      /- smol-toml \S+: BSD-3-Clause\n- yaml \S+: ISC\n/,
    );
    const manifest: unknown = JSON.parse(
      readFileSync(join(installed.folder, "node_modules/praetor-client/package.json"), "utf8"),
    );
    expect(manifest).not.toHaveProperty("dependencies");
    expect(manifest).toHaveProperty("license", "Apache-2.0");
  });

  test("has no fault that a linter of packages finds", async () => {
    const pkgDir = join(installed.folder, "node_modules/praetor-client");
    const { messages } = await publint({ pkgDir, pack: false, level: "suggestion", strict: true });
    expect(messages).toEqual([]);
  });

  test("has a single error class, which all its entry points share", async () => {
    const thrower = `import { OperatingError } from "praetor-client";
      import { bootstrap } from "praetor-client/bootstrap";
      await bootstrap({ serviceKey: "s", defaults: { Service: { Host: "", Port: 1 } }, listen() {}, argv: ["-f", "nothing.toml"] })
        .catch((error) => console.log(error instanceof OperatingError));`;
    expect(await installed.run("node", thrower)).toBe("true\n");
  });

  test("has declarations that compile without Node's and Bun's types, with skipLibCheck off", () => {
    expect(installed.typeFaults([program, following, starting], { lib: ["ES2022", "DOM"], types: [] })).toBe("");
  });

  test("has declarations with which a wrong use is a compile error", () => {
    const mistaken = `import { createRegistryClient } from "praetor-client"; createRegistryClient({ url: 1, serviceKey: "a" });`;
    expect(installed.typeFaults([mistaken], { lib: ["ES2022", "DOM"], types: [] })).toContain("TS2322");
  });

  test.each(["node", "bun"] as const)("runs on %s in a program that follows a port change", async (runtime) => {
    await exchange(agent.url, "DELETE", { path: "/v1/kv/edgex/registry/ports/packed" });
    expect(await installed.run(runtime, program.replace("AGENT", agent.url))).toBe(printed);
  });

  test.each(["node", "bun"] as const)("runs on %s in a program that follows the changes of keys", async (runtime) => {
    await exchange(agent.url, "DELETE", { path: "/v1/kv/s/?recurse" });
    expect(await installed.run(runtime, following.replace("AGENT", agent.url))).toBe(followed);
  });
});

test.each(["node", "bun"] as const)(
  "a program that only waits for an unreachable registry keeps running on %s",
  async (runtime) => {
    const [port = 0] = await freePorts(1);
    const { stdout } = installed.start(
      runtime,
      `import { createConfigurationClient } from "praetor-client";
      const client = createConfigurationClient({ host: "127.0.0.1", port: ${port}, basePath: "waiting" });
      const watch = client.watchForChanges("", {
        defaults: { Level: "" },
        onUpdate({ Level }) { console.log(Level); watch.stop(); },
        onError: () => console.log("lost"),
      });`,
    );
    const printed = stdout.pipeThrough(new TextDecoderStream()).getReader();
    expect((await printed.read()).value).toBe("lost\n");
    const pairs = [{ Key: "waiting/Level", Value: btoa("back") }];
    const fetch = (): Response => Response.json(pairs, { headers: { "X-Consul-Index": "1" } });
    using _agent = Bun.serve({ hostname: "127.0.0.1", port, fetch });
    let said = "";
    for (let part = await printed.read(); !part.done; part = await printed.read()) said += part.value;
    expect(said).toMatch(/^(lost\n)*back\n$/);
  },
);
