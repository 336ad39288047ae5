import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { Progress } from "../progress.ts";

export const exportCommand: Command = apiCommand({
  name: "export",
  summary: "Writes keys and services to a folder of readable files",
  synopsis: "[options] DIR",
  about:
    "Writes each key as a file, and each service with its checks, other node and prepared query as JSON. The folder can " +
    "be kept in git: equal content gives equal files, and another export changes only files that differ. " +
    "praetor import DIR restores all of it, values byte for byte.\n\n" +
    "The export lacks locks, sessions and the state of checks, which praetor snapshot save includes. Values may be secrets, " +
    "so only the owner can read the files.",
  examples: [
    { what: "Keep the gateway's configuration in git", command: "export /backup/gateway" },
    { what: "Restore it", command: "import /backup/gateway" },
  ],
  asksServers: false,
  words: 1,
  run: exportAll,
});

async function exportAll({ words: [folder = ""], api, io }: ApiCall): Promise<void> {
  if (folder === "") throw new CommandFailure("Missing DIR argument");
  const progress = new Progress(io);
  const [{ readAgent }, { encodeTree }, { writeExport }, { checksText, remarksText }, { counted }] = await Promise.all([
    import("../migration/agent-inventory.ts"),
    import("../migration/export-tree.ts"),
    import("../migration/export-folder.ts"),
    import("../migration/report.ts"),
    import("../migration/inventory.ts"),
  ]);
  progress.show("Reading the agent");
  const { inventory, remarks, checkRemarks } = await attempting("Error reading the agent", () =>
    readAgent(api),
  ).finally(() => progress.end());
  const { written, removed, unchanged } = await writeExport(folder, encodeTree(inventory));
  const { keys, services, nodes, queries } = inventory;
  const counts = [
    ...[counted(keys.length, "key"), counted(services.length, "service")],
    ...[counted(nodes.length, "other node"), counted(queries.length, "prepared query")],
  ];
  io.stdout(
    remarksText(remarks) + checksText({ checkRemarks }, { services: inventory.services, checksHere: new Set() }),
  );
  io.stdout(`Exported ${counts.join(", ")} to ${folder}: `);
  io.stdout(`${counted(written, "file")} written, ${removed} removed, ${unchanged} as before.\n`);
}
