import { snapshotArgument } from "../snapshot-argument.ts";
import type { Command } from "../command.ts";
import { localCommand, type LocalCall } from "../local-command.ts";
import { formatFlag, wantsJson } from "../output-format.ts";
import { verifySnapshot } from "../snapshot-file.ts";

export const snapshotInspectCommand: Command = localCommand({
  name: "snapshot inspect",
  summary: "Verifies a snapshot file and prints its metadata",
  synopsis: "[options] FILE",
  about: "Reads and verifies the whole file, and prints its metadata. Needs no agent.",
  examples: [{ what: "Verify a backup", command: "snapshot inspect backup.snap" }],
  flags: [formatFlag],
  run: inspect,
});

async function inspect(call: LocalCall): Promise<void> {
  const path = snapshotArgument(call.words);
  const asJson = wantsJson(call);
  const summary = await verifySnapshot(path);
  if (asJson) return call.io.stdout(`${JSON.stringify(summary, undefined, 4)}\n`);
  const lines = Object.entries(summary).map(([name, value]) => `${name.padEnd(13)}${value}\n`);
  call.io.stdout(`${lines.join("")}\n`);
}
