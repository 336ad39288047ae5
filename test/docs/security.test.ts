import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSourceFiles } from "../architecture/source-file.ts";
import { expectedOutput, tourSteps } from "../support/console-blocks.ts";
import { freePorts } from "../support/free-ports.ts";
import { Shell } from "../support/shell.ts";
import { programOf } from "../support/target.ts";

/* Runs the commands of docs/security.md in one shell, with an agent on free ports of 127.0.0.1. */

const [document] = await readSourceFiles("docs/security.md");
const folder = mkdtempSync(join(tmpdir(), "security-"));
const [httpPort = 0, serverPort = 0] = await freePorts(2);
const bin = join(folder, "bin");
const work = join(folder, "work");
for (const each of [bin, work]) mkdirSync(each);
const program = programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor").join(" ");
writeFileSync(join(bin, "praetor"), `#!/bin/sh\nexec ${program} "$@"\n`);
chmodSync(join(bin, "praetor"), 0o755);
const env = { PATH: `${bin}:${process.env["PATH"]}`, CONSUL_HTTP_ADDR: `http://127.0.0.1:${httpPort}` };
const shell = new Shell({ cwd: work, env });
afterAll(async () => {
  await shell.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ports = `-bind 127.0.0.1 -client 127.0.0.1 -http-port ${httpPort} -dns-port -1 -server-port ${serverPort}`;

function here(command: string): string {
  return command.replaceAll(":8500", `:${httpPort}`).replace("-client 0.0.0.0", ports);
}

function asShown(text: string): string {
  return text.replaceAll(/reset index: \d+/g, "reset index: 9");
}

test("the commands in docs/security.md print the documented output, and leave no file that others can read", async () => {
  const steps = tourSteps(document?.text ?? "");
  expect(steps.map(({ name, commands }) => [name, commands.length])).toEqual([
    ["guard", 10],
    ["people", 7],
    ["recover", 3],
    ["lost", 4],
  ]);
  for (const { name, commands } of steps)
    for (const { command, output } of commands) {
      const printed = asShown(await shell.run(here(command)));
      if (!expectedOutput(output)(printed)) expect(`${name} $ ${command}\n${printed}`).toBe(output.join("\n"));
    }
  for (const file of readdirSync(work)) expect([file, statSync(join(work, file)).mode & 0o077]).toEqual([file, 0]);
});
