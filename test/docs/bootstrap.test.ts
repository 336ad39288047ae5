import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { formatServiceUsage } from "../../src/client/bootstrap/service-flags.ts";
import { isTestFile, readSourceFiles } from "../architecture/source-file.ts";
import { freePorts } from "../support/free-ports.ts";
import { startTarget, type Target } from "../support/target.ts";
import { within } from "../support/within.ts";
import { tableRows } from "./markdown-table.ts";

/* The guide's service is run as it stands there, on Node and on Bun, against an agent. */

const root = resolve(import.meta.dir, "../..");
const [document] = await readSourceFiles("docs/bootstrap.md");
const text = document?.text ?? "";
const [, example = ""] = /^```ts\n([\s\S]*?)^```$/m.exec(text) ?? [];
const [, file = ""] = /^```toml\n([\s\S]*?)^```$/m.exec(text) ?? [];

let agent: Target;
let folder: string;
const started: Bun.Subprocess[] = [];

beforeAll(async () => {
  agent = await startTarget();
  folder = mkdtempSync(join(tmpdir(), "greeter-"));
  mkdirSync(join(folder, "res"));
  writeFileSync(join(folder, "res/configuration.toml"), file);
  const built = await Bun.build({
    entrypoints: [join(root, "docs/greeter.ts")],
    files: { [join(root, "docs/greeter.ts")]: example },
    target: "node",
  });
  writeFileSync(join(folder, "greeter.mjs"), (await built.outputs[0]?.text()) ?? "");
});
afterAll(async () => {
  for (const child of started) child.kill("SIGKILL");
  await agent.stop();
  rmSync(folder, { recursive: true, force: true });
});

const runtimes: readonly (readonly [string, string])[] = [
  ["Node", "node"],
  ["Bun", join(root, "node_modules/.bin/bun")],
];

/** The example as a process; `output` is what it has printed until now. */
function run(runtime: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([runtime, "greeter.mjs", ...words], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  started.push(child);
  let output = "";
  const collect = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) output += decoder.decode(chunk, { stream: true });
  };
  const read = Promise.all([collect(child.stdout), collect(child.stderr)]);
  const expectOutput = (expected: string): Promise<void> =>
    within(10_000, async () => expect(output).toContain(expected));
  const ended = async (): Promise<{ code: number; output: string }> => {
    const code = await child.exited;
    await read;
    return { code, output };
  };
  return { child, expectOutput, ended };
}

async function put(name: string, value: string): Promise<void> {
  await fetch(`${agent.url}/v1/kv/edgex/core/1.0/greeter/Writable/${name}`, { method: "PUT", body: value });
}

async function registered(): Promise<object | undefined> {
  const services = (await (await fetch(`${agent.url}/v1/agent/services`)).json()) as Record<string, object>;
  return services["greeter"];
}

describe.each(runtimes)("the guide's service on %s", (_name, runtime) => {
  const provider = (): string => `-cp=consul.${agent.url}`;

  test("starts, follows Writable, and leaves the registry at SIGTERM", async () => {
    const [port = 0] = await freePorts(1);
    const env = { SERVICE_PORT: `${port}`, REGISTRY_PORT: new URL(agent.url).port, REGISTRY_HOST: "127.0.0.1" };
    const service = run(runtime, [provider(), "--registry"], env);
    await service.expectOutput(`greets on port ${port}`);
    expect(await registered()).toMatchObject({ Port: port, Address: "localhost" });
    const greeting = async (): Promise<string> => (await fetch(`http://localhost:${port}/`)).text();
    expect(await greeting()).toBe("Good day!\n");
    await put("Greeting", "Moin");
    await service.expectOutput("now says Moin");
    expect(await greeting()).toBe("Moin!\n");
    await put("LogLevel", "ERROR");
    await put("Greeting", "Servus");
    await service.expectOutput("now says Servus");
    await put("Greeting", "Ahoi");
    await service.expectOutput("now says Ahoi");
    service.child.kill("SIGTERM");
    const { code, output } = await service.ended();
    expect(code).toBe(0);
    expect(output.match(/Writable configuration has been updated/g)).toHaveLength(2);
    expect(await registered()).toBeUndefined();
    await fetch(`${agent.url}/v1/kv/edgex/core/1.0/greeter?recurse`, { method: "DELETE" });
  });

  test("stays alive while it waits for the registry, and a SIGTERM then ends it", async () => {
    const service = run(runtime, ["-cp=consul.http://127.0.0.1:2"]);
    await service.expectOutput("configuration provider is not available: cannot reach http://127.0.0.1:2");
    service.child.kill("SIGTERM");
    const { code, output } = await service.ended();
    expect(code).toBe(0);
    expect(output).not.toContain("greets on port");
  });

  test("ends with code 1 and a clear error when its port is taken", async () => {
    const other = Bun.serve({ port: 0, reusePort: false, fetch: () => new Response("mine") });
    const { port } = other;
    const { code, output } = await run(runtime, [], { SERVICE_PORT: `${port}` }).ended();
    await other.stop(true);
    expect(code).toBe(1);
    expect(output).toContain(`another program listens on port ${port}`);
    expect(output).toContain("set Service/Port to a free port");
  });

  test("shows its flags and ends", async () => {
    const { code, output } = await run(runtime, ["-h"]).ended();
    expect({ code, output }).toEqual({ code: 0, output: formatServiceUsage("greeter.mjs") });
  });
});

describe("docs/bootstrap.md", () => {
  test("names every variable that is read, and no other", async () => {
    const code = (await readSourceFiles("src/client/bootstrap/*.ts"))
      .filter(({ path }) => !isTestFile(path))
      .map((source) => source.text)
      .join("\n");
    const read = code.match(/(?<=")(?:EDGEX|CONSUL|edgex|startup)_[A-Za-z_]+(?=")/g);
    const named = tableRows(text, "variable").flatMap(([names]) => names.match(/[A-Za-z_]+/g) ?? []);
    expect(named.toSorted()).toEqual([...new Set(read)].toSorted());
  });

  test("names every option", async () => {
    const [source] = await readSourceFiles("src/client/bootstrap/bootstrap.ts");
    const fields = (name: string): string[] => {
      const [, body = ""] =
        new RegExp(`interface ${name}<.*\\{\\n([\\s\\S]*?)^\\}`, "m").exec(source?.text ?? "") ?? [];
      return [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?:(]/gm)].map(([, field = ""]) => field);
    };
    const named = (heading: string): string[] =>
      tableRows(text, heading).flatMap(([names]) => names.match(/\w+/g) ?? []);
    expect(named("option").toSorted()).toEqual(fields("BootstrapOptions").toSorted());
    expect(named("of the service").toSorted()).toEqual(fields("Service").toSorted());
  });

  test("names every flag that the usage names", () => {
    const flags = (of: string): string[] => [...new Set(of.match(/(?<![\w-])--?[a-zA-Z]+/g))].toSorted();
    expect(flags(tableRows(text, "flag").flat().join("\n"))).toEqual(flags(formatServiceUsage("x")));
  });
});

test("only bootstrap loads the parsers of configuration files, and nothing of the agent loads bootstrap", async () => {
  const elsewhere = (await readSourceFiles("src/**/*.ts")).filter(
    ({ path, text: code }) =>
      !path.startsWith("src/client/bootstrap/") &&
      /["'](smol-toml|yaml|[./\w-]*client\/bootstrap\/[\w./-]*)["']/.test(code),
  );
  expect(elsewhere.map(({ path }) => path)).toEqual([]);
});
