import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { Progress } from "../progress.ts";
import { snapshotArgument } from "../snapshot-argument.ts";
import { verifySnapshot } from "../snapshot-file.ts";

export const snapshotRestoreCommand: Command = apiCommand({
  name: "snapshot restore",
  summary: "Replaces the server's state by that of a snapshot",
  synopsis: "[options] FILE",
  about:
    "Verifies the file, and sends it to the server, which replaces its keys, nodes, services, checks, sessions and " +
    "prepared queries by those of the snapshot: later writes are lost. " +
    "Praetor restores snapshots of Praetor only, and Consul those of Consul.",
  examples: [{ what: "Go back to a backup", command: "snapshot restore backup.snap" }],
  asksServers: true,
  run: restore,
});

async function restore({ words, api, io }: ApiCall): Promise<void> {
  const path = snapshotArgument(words);
  const progress = new Progress(io);
  try {
    progress.show(`Verifying ${path}`);
    await verifySnapshot(path);
    progress.show(`Sending ${path}`);
    const body = Bun.file(path);
    // The server answers after it has committed the whole snapshot. The timeout is a minute, and a second for each MiB.
    const timeoutMs = 60_000 + Math.ceil(body.size / 2 ** 20) * 1_000;
    const request = { method: "PUT", path: "/v1/snapshot", body, timeoutMs } as const;
    await attempting("Error restoring snapshot", () => api.stream(request));
  } finally {
    progress.end();
  }
  io.stdout("Restored snapshot\n");
}
