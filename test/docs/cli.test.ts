import { expect, test } from "bun:test";
import { connectionFlags, serverFlags } from "../../src/cli/agent-connection.ts";
import { clientCommands } from "../../src/cli/client-commands.ts";
import { readSourceFiles } from "../architecture/source-file.ts";
import { tableRows } from "./markdown-table.ts";

const [document] = await readSourceFiles("docs/cli.md");
const shared = new Set([...connectionFlags, ...serverFlags].map(({ name }) => name));

test("docs/cli.md lists each command that talks to an agent or needs no agent, with its summary and flags", () => {
  const rows = clientCommands.map(({ name, summary, flags = [] }): readonly string[] => {
    const own = flags.filter((flag) => !shared.has(flag.name)).map((flag) => `\`-${flag.name}\``);
    return [name, summary, own.toSorted().join(" ")];
  });
  expect(
    tableRows(document?.text ?? "", "command")
      .map(String)
      .toSorted(),
  ).toEqual(rows.map(String).toSorted());
});

test("docs/cli.md lists each flag that all commands share", () => {
  const rows = [...connectionFlags, ...serverFlags].map(({ name, help }) => [`-${name}`, help]);
  expect(
    tableRows(document?.text ?? "", "shared flag")
      .map(String)
      .toSorted(),
  ).toEqual(rows.map(String).toSorted());
});
