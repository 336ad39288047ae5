import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommandWith } from "../../../test/support/command-io.ts";
import type { Command } from "../command.ts";
import { runCommand } from "../run-command.ts";
import { completionCommand } from "./completion.ts";

const completion = completionCommand({ name: "praetor", executable: ["/opt/praetor"] });
/** The command line of praetor, with `completion` as its only command. */
const praetor: Command = { ...completion, run: (args, io) => runCommand(args, [completion], io) };

test("praetor completion prints the script for the named shell", async () => {
  const { code, stdout } = await runCommandWith(praetor, ["completion", "bash"]);
  expect(code).toBe(0);
  expect(stdout).toStartWith("complete -o default -C /opt/praetor praetor #");
});

test("praetor completion refuses a missing or unknown shell and lists the shells that it knows", async () => {
  const refused = { code: 1, stdout: "", stderr: "Name one shell: bash, zsh, fish\n" };
  expect(await runCommandWith(praetor, ["completion"])).toEqual(refused);
  expect(await runCommandWith(praetor, ["completion", "tcsh"])).toEqual(refused);
});

test("Consul's flags -autocomplete-install and -autocomplete-uninstall install and remove completion", async () => {
  const home = mkdtempSync(join(tmpdir(), "home-"));
  const bashrc = join(home, ".bashrc");
  writeFileSync(bashrc, "");
  const env = { HOME: home };
  try {
    const installed = await runCommandWith(praetor, ["-autocomplete-install"], { env });
    expect(installed).toMatchObject({ code: 0, stdout: `Installed in ${bashrc}; start a new shell to have it.\n` });
    expect(readFileSync(bashrc, "utf8")).toContain("complete ");
    expect((await runCommandWith(praetor, ["-autocomplete-install"], { env })).code).toBe(1);
    expect((await runCommandWith(praetor, ["--autocomplete-uninstall"], { env })).code).toBe(0);
    expect(readFileSync(bashrc, "utf8")).toBe("");
    expect((await runCommandWith(praetor, ["-autocomplete-uninstall"], { env })).code).toBe(1);
  } finally {
    rmSync(home, { recursive: true });
  }
});

test("installing completion fails if HOME is not set", async () => {
  expect((await runCommandWith(praetor, ["completion", "-install"])).stderr).toContain("HOME is not set");
});
