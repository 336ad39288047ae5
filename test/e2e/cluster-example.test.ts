import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expectedOutput, shownIn } from "../support/console-blocks.ts";
import { Shell } from "../support/shell.ts";
import { programOf } from "../support/target.ts";

/*
 * Runs the commands of examples/cluster/README.md. The names of the network namespaces and the folder are those of this test, so that it
 * runs beside the example.
 */

const root = resolve(import.meta.dir, "../..");
const folder = mkdtempSync(join(tmpdir(), "cluster-example-"));
const settings = {
  PRAETOR: programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor").join(" "),
  FOLDER: folder,
  NETWORK: `praetor-test-${process.pid}`,
};
let shell: Shell;
let guard: Bun.Subprocess<"pipe", "ignore", "ignore">;

function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  const name = `praetor-tried-${process.pid}`;
  const { success, stderr } = Bun.spawnSync([
    "sh",
    "-c",
    `PATH=$PATH:/usr/sbin; ip netns add ${name} && ip netns del ${name}`,
  ]);
  return success ? undefined : `cannot make a network namespace: ${stderr.toString().trim()}`;
}

const reason = whyNot();
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;

beforeAll(() => {
  if (reason !== undefined) return;
  const env = { ...process.env, ...settings };
  shell = new Shell({ cwd: root, env: settings });
  // The guard ends the example when its input closes, which the death of this process does, too.
  guard = Bun.spawn(["sh", "-c", "read -r _; exec examples/cluster/run down"], {
    ...{ cwd: root, env, detached: true },
    stdio: ["pipe", "ignore", "ignore"],
  });
});

afterAll(async () => {
  if (reason === undefined) {
    await shell.stop();
    await guard.stdin.end();
    await guard.exited;
  }
  rmSync(folder, { recursive: true, force: true });
});

test.skipIf(reason !== undefined)(
  `the commands of examples/cluster print the documented output${skipped}`,
  async () => {
    const commands = shownIn(await Bun.file(join(root, "examples/cluster/README.md")).text());
    expect(commands.length).toBeGreaterThan(20);
    for (const { command, output } of commands) {
      const printed = (await shell.run(command)).replaceAll(folder, "data/cluster").replaceAll(/ +$/gm, "");
      if (!expectedOutput(output)(printed))
        expect(`$ ${command}\n${printed}`).toBe(`$ ${command}\n${output.join("\n")}`);
    }
  },
);
