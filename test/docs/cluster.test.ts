import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSourceFiles } from "../architecture/source-file.ts";
import { expectedOutput, tourSteps } from "../support/console-blocks.ts";
import { freePorts } from "../support/free-ports.ts";
import { Shell } from "../support/shell.ts";
import { programOf } from "../support/target.ts";

/*
 * Runs the commands of docs/cluster.md. Each board of the document is a shell with a folder of its own. Its address is one of
 * this machine's loopback addresses, and its agent has free ports.
 */

const [document] = await readSourceFiles("docs/cluster.md");
const folder = mkdtempSync(join(tmpdir(), "cluster-"));
const boards = { server: { shown: "10.11.0.2", own: "127.9.0.2" }, client: { shown: "10.11.0.3", own: "127.9.0.3" } };
const [httpPort = 0, serverPort = 0] = await freePorts(2);
const shells = new Map<string, Shell>();

beforeAll(() => {
  mkdirSync(join(folder, "bin"));
  const write = (name: string, script: string): void => {
    const path = join(folder, "bin", name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  };
  write("praetor", `exec ${programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor").join(" ")} "$@"`);
  write("scp", `cp "$2" "${folder}/$(echo "$3" | cut -d: -f1)/$(echo "$3" | cut -d: -f2)"`);
  for (const [name, { own }] of Object.entries(boards)) {
    const cwd = join(folder, own);
    mkdirSync(cwd);
    const env = {
      PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
      CONSUL_HTTP_ADDR: `http://${own}:${httpPort}`,
    };
    shells.set(name, new Shell({ cwd, env }));
  }
});

afterAll(async () => {
  for (const shell of shells.values()) await shell.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Returns the command with the boards' own addresses and ports. */
function here(command: string): string {
  const ports = `-client ADDRESS -http-port ${httpPort} -dns-port -1 -server-port ${serverPort}`;
  return Object.values(boards).reduce(
    (text, { shown, own }) =>
      text.replaceAll(`-bind ${shown}`, `-bind ${own} ${ports.replace("ADDRESS", own)}`).replaceAll(shown, own),
    command,
  );
}

function asShown(text: string): string {
  const shown = Object.values(boards).reduce((all, each) => all.replaceAll(each.own, each.shown), text);
  // A node's id differs from run to run. The shell reports a killed job some time later.
  return shown.replaceAll(/ [0-9a-f]{8}  /g, " ...       ").replaceAll(/^bash: line .* Killed .*\n/gm, "");
}

test("the commands of docs/cluster.md print the documented output", async () => {
  const steps = tourSteps(document?.text ?? "");
  expect(steps.length).toBeGreaterThan(8);
  for (const { name, commands } of steps)
    for (const { command, output } of commands) {
      const printed = asShown((await shells.get(name)?.run(here(command))) ?? "");
      if (!expectedOutput(output)(printed))
        expect(`${name} $ ${command}\n${printed}`).toBe(`${name} $ ${command}\n${output.join("\n")}`);
    }
});
