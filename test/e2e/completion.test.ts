import { afterAll, describe, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { completionScript, type Shell, shells } from "../../src/cli/completion/shell-script.ts";
import { programOf } from "../support/target.ts";
import { TestTerminal } from "../support/terminal.ts";

const home = mkdtempSync(join(tmpdir(), "completion-"));
afterAll(() => rmSync(home, { recursive: true }));
/** Without the options of the runtime: zsh's emulation of bash's completion takes no command line with an equals sign. */
const executable = programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor").filter((word) => !word.includes("="));

const readyWithinMs = 15_000;

const interactive: Readonly<Record<Shell, readonly string[]>> = {
  bash: ["bash", "--norc", "--noprofile", "-i"],
  zsh: ["zsh", "-f", "-i"],
  fish: ["fish", "--no-config", "-i"],
};

/** Opens an interactive shell that has loaded the completion script. */
async function open(shell: Shell): Promise<TestTerminal> {
  const folder = join(home, shell);
  mkdirSync(folder);
  writeFileSync(join(folder, "some-file.json"), "");
  writeFileSync(join(folder, "script"), completionScript(shell, { name: "praetor", executable }));
  const env = { HOME: folder, PS1: "", INPUTRC: "/dev/null", fish_greeting: "" };
  const terminal = new TestTerminal(interactive[shell], {
    cwd: folder,
    env,
    columns: 200,
  });
  // The shell prints "ready" when it reads its input; input that arrives earlier may be lost.
  terminal.type("source ./script; echo re''ady\r");
  await terminal.shows(/ready/, readyWithinMs);
  return terminal;
}

describe.each(shells)("the completion script for %s", (shell) => {
  test("completes commands, command groups, flags, flag values and files at the Tab key", async () => {
    await using terminal = await open(shell);
    const expectCompleted = async (typed: string, completed: RegExp): Promise<void> => {
      terminal.type(`${typed}\t`);
      await terminal.shows(completed, readyWithinMs);
      terminal.type("\x15"); // clears the line
    };
    await expectCompleted("praetor cata", /catalog /);
    await expectCompleted("praetor catalog nod", /nodes /);
    await expectCompleted("praetor catalog nodes -det", /-detailed /);
    await expectCompleted("praetor catalog nodes -format=js", /json/);
    await expectCompleted("praetor catalog nodes -format pre", /pretty/);
    await expectCompleted("praetor validate some-", /some-file\.json/);
  });
});
