import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandRun, runCommandWith } from "../../../test/support/command-io.ts";
import { configurationSchema } from "../../config/json-schema.ts";
import { validateCommand } from "./validate.ts";

const folder = mkdtempSync(join(tmpdir(), "validate-"));
afterAll(() => rmSync(folder, { recursive: true }));

const validate = (...args: readonly string[]): Promise<CommandRun> => runCommandWith(validateCommand, args);

function file(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const good = file("good/agent.hcl", `data_dir = "/tmp"\nserver = true\n`);

test("praetor validate accepts files and folders that an agent could start with", async () => {
  const valid = { code: 0, stdout: "Configuration is valid!\n", stderr: `Read ${good}\n` };
  expect(await validate(good)).toEqual(valid);
  expect(await validate(join(folder, "good"))).toEqual(valid);
  expect(await validate("-quiet", good)).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("praetor validate reads several files as one configuration", async () => {
  const part = file("part.json", `{ "server": true }`);
  expect((await validate(part)).stderr).toStartWith("Config validation failed: data_dir cannot be empty");
  expect(await validate(part, good)).toMatchObject({ code: 0, stderr: `Read ${part}\nRead ${good}\n` });
});

test("praetor validate reports an error with file, line and column", async () => {
  const bad = file("bad.hcl", `data_dir = "/tmp"\nservre = true\n`);
  const { code, stdout, stderr } = await validate(good, bad);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("Config validation failed: ");
  expect(stderr).toContain(bad);
  expect(stderr).toContain("2:1");
  expect(stderr).toContain("invalid config key servre");
});

test("praetor validate reads a file with another extension only with -config-format", async () => {
  const other = file("agent.conf", `data_dir = "/tmp"`);
  expect((await validate(other)).code).toBe(1);
  expect((await validate("-config-format=hcl", other)).code).toBe(0);
  expect((await validate("-config-format=toml", other)).stderr).toContain("must be either 'hcl' or 'json'");
});

test("praetor validate prints warnings to standard error, and none with -quiet", async () => {
  const risky = file("risky.hcl", `data_dir = "/tmp"\nenable_script_checks = true`);
  const { code, stdout, stderr } = await validate(risky);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "Configuration is valid!\n" });
  expect(stderr).toContain("DANGEROUS");
  expect(await validate("-quiet", risky)).toEqual({ code: 0, stdout: "", stderr: "" });
});

test.each([
  [[], "Must specify at least one config file or directory\n"],
  [["nothing"], "Config validation failed: config: Open failed on nothing. open nothing: no such file or directory\n"],
])("praetor validate refuses the arguments %j with Consul's error", async (args, stderr) => {
  expect(await validate(...args)).toEqual({ code: 1, stdout: "", stderr });
});

test("praetor validate -schema prints the schema of configuration files, and reads none", async () => {
  const { code, stdout, stderr } = await validate("-schema", "no-such-file");
  expect({ code, stderr, schema: JSON.parse(stdout) as unknown }).toEqual({
    code: 0,
    stderr: "",
    schema: configurationSchema(),
  });
});
