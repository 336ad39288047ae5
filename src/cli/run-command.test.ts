import { expect, test } from "bun:test";
import { type CommandRun, runCommandWith } from "../../test/support/command-io.ts";
import { clientCommands } from "./client-commands.ts";
import { runCommand } from "./run-command.ts";

/** Runs praetor with these arguments. */
function run(...words: readonly string[]): Promise<CommandRun> {
  const program = {
    ...{ name: "", summary: "", help: "" },
    run: (args: readonly string[], io: Parameters<typeof runCommand>[2]) => runCommand(args, clientCommands, io),
  };
  return runCommandWith(program, words);
}

test.each([
  [
    ["membres"],
    127,
    "praetor: unknown command \"membres\". Did you mean 'praetor members'? 'praetor --help' lists the commands.\n",
  ],
  [["xyzzy"], 127, "praetor: unknown command \"xyzzy\". 'praetor --help' lists the commands.\n"],
  [
    ["kv", "gett"],
    1,
    "praetor kv: unknown command \"gett\". Did you mean 'praetor kv get'? 'praetor kv --help' lists the commands.\n",
  ],
  [
    ["operator", "raft", "list-pers"],
    1,
    "praetor operator raft: unknown command \"list-pers\". Did you mean 'praetor operator raft list-peers'? " +
      "'praetor operator raft --help' lists the commands.\n",
  ],
])("the mistyped command %j gives one line of error and Consul's exit code", async (words, code, stderr) => {
  expect(await run(...words)).toEqual({ code, stdout: "", stderr });
});

test("the error for a mistyped flag suggests a similar flag", async () => {
  expect(await run("members", "-htp-addr=127.0.0.1:1")).toEqual({
    code: 1,
    stdout: "",
    stderr: "flag provided but not defined: -htp-addr\n\nDid you mean -http-addr? See 'praetor members --help'.\n",
  });
});
