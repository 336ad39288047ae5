import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatServiceUsage } from "../../src/client/bootstrap/service-flags.ts";
import { isTestFile, readSourceFiles } from "../architecture/source-file.ts";
import { type ClientInstallation, installClientPackage } from "../support/client-package.ts";
import { freePorts } from "../support/free-ports.ts";
import { startTarget, type Target } from "../support/target.ts";
import { within } from "../support/within.ts";
import { tableRows } from "./markdown-table.ts";

/* Runs the example service of docs/bootstrap.md unchanged with the packed npm package, on Node and on Bun, against an agent. */

const [document] = await readSourceFiles("docs/bootstrap.md");
const text = document?.text ?? "";
const [, example = ""] = /^```ts\n([\s\S]*?)^```$/m.exec(text) ?? [];
const [, file = ""] = /^```toml\n([\s\S]*?)^```$/m.exec(text) ?? [];

let agent: Target;
let installed: ClientInstallation;
const started: Bun.Subprocess[] = [];

beforeAll(async () => {
  installed = installClientPackage();
  mkdirSync(join(installed.folder, "res"));
  writeFileSync(join(installed.folder, "res/configuration.toml"), file);
  writeFileSync(join(installed.folder, "greeter.js"), new Bun.Transpiler({ loader: "ts" }).transformSync(example));
  agent = await startTarget();
});
afterAll(async () => {
  for (const child of started) child.kill("SIGKILL");
  await agent.stop();
  installed[Symbol.dispose]();
});

test("the example service of docs/bootstrap.md passes the type check", () => {
  expect(installed.typeFaults([example], { lib: ["ES2022"], types: ["node"] })).toBe("");
});

const runtimes: readonly (readonly [string, string])[] = [
  ["Node", "node"],
  ["Bun", process.execPath],
];

/**
 * Starts the example as a process. `expectOutput` waits until the process has printed a text, and `ended` until it has
 * exited.
 */
function run(runtime: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([runtime, "greeter.js", ...words], {
    cwd: installed.folder,
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
  await fetch(`${agent.url}/v1/kv/edgex/${name}`, { method: "PUT", body: value });
}

async function registered(): Promise<object | undefined> {
  const services = (await (await fetch(`${agent.url}/v1/agent/services`)).json()) as Record<string, object>;
  return services["greeter"];
}

describe.each(runtimes)("the example service of docs/bootstrap.md on %s", (_name, runtime) => {
  const provider = (): string => `-cp=consul.${agent.url}`;

  test("starts, applies changes of its Writable settings, and deregisters at SIGTERM", async () => {
    const [port = 0] = await freePorts(1);
    const env = { SERVICE_PORT: `${port}`, REGISTRY_PORT: new URL(agent.url).port, REGISTRY_HOST: "127.0.0.1" };
    const service = run(runtime, [provider(), "--registry"], env);
    await service.expectOutput(`greets on port ${port}`);
    expect(await registered()).toMatchObject({ Port: port, Address: "localhost" });
    const greeting = async (): Promise<string> => (await fetch(`http://localhost:${port}/`)).text();
    expect(await greeting()).toBe("Good day!\n");
    await put("core/1.0/greeter/Writable/Greeting", "Moin");
    await service.expectOutput("now says Moin");
    expect(await greeting()).toBe("Moin!\n");
    await put("core/1.0/greeter/Writable/LogLevel", "ERROR");
    await put("core/1.0/greeter/Writable/Greeting", "Servus");
    await service.expectOutput("now says Servus");
    await put("core/1.0/greeter/Writable/Greeting", "Ahoi");
    await service.expectOutput("now says Ahoi");
    service.child.kill("SIGTERM");
    const { code, output } = await service.ended();
    expect(code).toBe(0);
    expect(output.match(/Writable configuration has been updated/g)).toHaveLength(2);
    expect(await registered()).toBeUndefined();
    await fetch(`${agent.url}/v1/kv/edgex/core/1.0/greeter?recurse`, { method: "DELETE" });
  });

  test("moves to the port that the registry assigns, and reads a YAML configuration file", async () => {
    const [oldPort = 0, newPort = 0] = await freePorts(2);
    writeFileSync(join(installed.folder, "res/moving.yaml"), `Service:\n  Port: ${oldPort}\n`);
    const service = run(runtime, [`-r=consul.${agent.url}`, "-f", "moving.yaml", "-o"]);
    await service.expectOutput(`Registered with Registry on port ${oldPort}`);
    const change = { id: `${oldPort}`, revision: 1, service: "greeter", host: "localhost", oldPort, newPort };
    await put("registry/ports/greeter", JSON.stringify({ ...change, reason: "it is taken", state: "pending" }));
    await within(10_000, async () => expect(await registered()).toMatchObject({ Port: newPort }));
    await service.expectOutput(`moved from port ${oldPort} to ${newPort}`);
    expect(await (await fetch(`http://localhost:${newPort}/`)).text()).toBe("Hello!\n");
    service.child.kill("SIGTERM");
    expect((await service.ended()).code).toBe(0);
    expect(await registered()).toBeUndefined();
    await fetch(`${agent.url}/v1/kv/edgex/?recurse`, { method: "DELETE" });
  });

  test("keeps running while it waits for the registry, and exits at SIGTERM", async () => {
    const service = run(runtime, ["-cp=consul.http://127.0.0.1:2"]);
    await service.expectOutput("configuration provider is not available: cannot reach http://127.0.0.1:2");
    service.child.kill("SIGTERM");
    const { code, output } = await service.ended();
    expect(code).toBe(0);
    expect(output).not.toContain("greets on port");
  });

  test("exits with 1 and an error that names the port when another program listens at its port", async () => {
    const other = Bun.serve({ port: 0, reusePort: false, fetch: () => new Response("mine") });
    const { port } = other;
    const { code, output } = await run(runtime, [], { SERVICE_PORT: `${port}` }).ended();
    await other.stop(true);
    expect(code).toBe(1);
    expect(output).toContain(`another program listens on port ${port}`);
    expect(output).toContain("set Service/Port to a free port");
  });

  test("exits with 1, an error line and its list of flags after a mistyped flag or a stray argument", async () => {
    for (const [words, mistake] of [
      [["-regstry"], "flag provided but not defined: -regstry"],
      [["-f"], "flag needs an argument: -f"],
      [["start"], 'unexpected argument "start"; --help lists what a service takes'],
    ] as const) {
      const { code, output } = await run(runtime, words).ended();
      expect({ code, output }).toEqual({ code: 1, output: `${mistake}\n\n${formatServiceUsage("greeter.js")}` });
    }
  });

  test("prints its flags and exits with 0 for -h", async () => {
    const { code, output } = await run(runtime, ["-h"]).ended();
    expect({ code, output }).toEqual({ code: 0, output: formatServiceUsage("greeter.js") });
  });
});

describe("docs/bootstrap.md", () => {
  test("names every environment variable that the code reads, and no other", async () => {
    const code = (await readSourceFiles("src/client/bootstrap/*.ts"))
      .filter(({ path }) => !isTestFile(path))
      .map((source) => source.text)
      .join("\n");
    const read = code.match(/(?<=")(?:EDGEX|CONSUL|edgex|startup)_[A-Za-z_]+(?=")/g);
    const named = tableRows(text, "variable").flatMap(([names]) => names.match(/[A-Za-z_]+/g) ?? []);
    expect(named.toSorted()).toEqual([...new Set(read)].toSorted());
  });

  test("names every option of bootstrap()", async () => {
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

  test("names every flag of the usage text", () => {
    const flags = (of: string): string[] => [...new Set(of.match(/(?<![\w-])--?[a-zA-Z]+/g))].toSorted();
    expect(flags(tableRows(text, "flag").flat().join("\n"))).toEqual(flags(formatServiceUsage("x")));
  });
});

test("only praetor-client/bootstrap loads the TOML and YAML parsers, and the agent does not load that package", async () => {
  const elsewhere = (await readSourceFiles("src/**/*.ts")).filter(
    ({ path, text: code }) =>
      !path.startsWith("src/client/bootstrap/") &&
      path !== "src/client-package-bootstrap.ts" &&
      /["'](smol-toml|yaml|[./\w-]*client\/bootstrap\/[\w./-]*)["']/.test(code),
  );
  expect(elsewhere.map(({ path }) => path)).toEqual([]);
});
