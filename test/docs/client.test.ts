import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ClientInstallation, installClientPackage } from "../support/client-package.ts";
import { exchange } from "../support/exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { startTarget, type Target } from "../support/target.ts";
import { within } from "../support/within.ts";

/*
 * Runs the programs of docs/client.md unchanged with the packed npm package, on Node in the project that the document
 * shows. The test replaces only the agent's address and the ports, and writes the record of a changed port for which
 * one program waits.
 */
const root = resolve(import.meta.dir, "../..");
const guide = readFileSync(join(root, "docs/client.md"), "utf8");
const examples = [...guide.matchAll(/^```ts\n([\s\S]*?)^```$[\s\S]*?^```text\n([\s\S]*?)^```$/gm)].map(
  ([, program = "", printed = ""]) => ({ program, printed }),
);

/** The free ports that replace the ports 59902 and 59903 of the document's programs. */
const [oldPort = 0, newPort = 0] = await freePorts(2);
const ports = [
  ["59902", `${oldPort}`],
  ["59903", `${newPort}`],
] as const;

let agent: Target;
let installed: ClientInstallation;

beforeAll(async () => {
  installed = installClientPackage();
  // No program listens at the example's port. An agent that manages ports would report that as a fault.
  agent = await startTarget("-hcl", 'edgex { ports { policy = "off" } }');
});

afterAll(async () => {
  await agent.stop();
  installed[Symbol.dispose]();
});

test("every program of docs/client.md is followed by a block with its output", () => {
  expect(examples.length).toBe(guide.split("```ts\n").length - 1);
  expect(examples.length).toBeGreaterThan(4);
});

test("the project of docs/client.md builds with every program, and each program prints the documented output on Node", async () => {
  const project = openProject();
  const run = (...command: readonly string[]): string => {
    const { success, stdout, stderr } = Bun.spawnSync([...command], { cwd: project });
    expect({ command, success, output: `${stdout.toString()}${stderr.toString()}` }).toMatchObject({ success: true });
    return stdout.toString();
  };
  run("npm", "run", "build");
  for (const [at, { printed }] of examples.entries()) {
    // The programs have the clients' own timeout of 5 s, which a busy machine can exceed.
    await within(5_000, async () => {
      await prepare();
      expect(asShown(run("node", `dist/example-${at}.js`))).toBe(printed);
    });
  }
  await prepare();
  expect(run("npm", "start", "--silent")).toBe(examples[0]?.printed ?? "");
});

test("every program of docs/client.md prints the documented output on Bun", async () => {
  for (const { program, printed } of examples)
    await within(5_000, async () => {
      await prepare();
      expect(asShown(await installed.run("bun", here(program)))).toBe(printed);
    });
});

/**
 * Creates the document's project with its programs. It installs TypeScript and Node's types from this repository, without a
 * network.
 */
function openProject(): string {
  const folder = join(installed.folder, "project");
  mkdirSync(join(folder, "src"), { recursive: true });
  const manifest = JSON.parse(
    shownFile("package.json").replace("file:../praetor/dist/npm", "file:../built"),
  ) as Manifest;
  expect(Object.keys(manifest.devDependencies)).toEqual(["@types/node", "typescript"]);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ ...manifest, devDependencies: {} }));
  writeFileSync(join(folder, "tsconfig.json"), shownFile("tsconfig.json"));
  const { success, stderr } = Bun.spawnSync(["npm", "install", "--offline", "--no-audit", "--no-fund"], {
    cwd: folder,
  });
  if (!success) throw new Error(stderr.toString());
  for (const name of ["typescript", "@types", ".bin"]) {
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
  writeFileSync(join(folder, "src/main.ts"), here(examples[0]?.program ?? ""));
  for (const [at, { program }] of examples.entries()) {
    writeFileSync(join(folder, `src/example-${at}.ts`), here(program));
  }
  return folder;
}

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>;
}

function shownFile(name: string): string {
  const [, text] = new RegExp(`^\`${name}\`:\n\n\`\`\`json\n([\\s\\S]*?)^\`\`\`$`, "m").exec(guide) ?? [];
  if (text === undefined) throw new Error(`the guide does not show ${name}`);
  return text;
}

function here(program: string): string {
  const own = program.replaceAll("http://localhost:8500", agent.url);
  return ports.reduce((text, [shown, actual]) => text.replaceAll(shown, actual), own);
}

function asShown(printed: string): string {
  return ports.reduce((text, [shown, actual]) => text.replaceAll(actual, shown), printed);
}

async function prepare(): Promise<void> {
  const record = {
    ...{ id: "c1", revision: 1, service: "my-moving-service", host: "localhost", oldPort, newPort },
    ...{ owner: "edgex-core-data", reason: "the port is taken", at: "2026-01-01T00:00:00Z", state: "pending" },
  };
  await exchange(agent.url, "PUT", { path: "/v1/agent/service/deregister/my-data" });
  await exchange(agent.url, "DELETE", { path: "/v1/kv/edgex/core/1.0/my-service?recurse" });
  await exchange(agent.url, "PUT", { path: "/v1/kv/edgex/registry/ports/my-moving-service", body: record });
}
