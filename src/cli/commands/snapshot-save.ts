import { messageOf } from "../../lib/errors.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { Progress } from "../progress.ts";
import { snapshotArgument } from "../snapshot-argument.ts";
import { verifySnapshot } from "../snapshot-file.ts";
import { writeFileWhole } from "../../lib/write-file-whole.ts";

export const snapshotSaveCommand: Command = apiCommand({
  name: "snapshot save",
  summary: "Saves the server's state to a file",
  synopsis: "[options] FILE",
  about:
    "Saves the server's state at one moment: keys, nodes, services, checks, sessions and prepared queries. " +
    "FILE is replaced atomically after the new snapshot is synced and verified: after a failure it still holds the old one.",
  examples: [{ what: "Make a backup", command: "snapshot save backup.snap" }],
  asksServers: true,
  // Consul writes the whole snapshot before it sends the first byte.
  timeoutMs: 60_000,
  run: save,
});

async function save({ words, api, io }: ApiCall): Promise<void> {
  const path = snapshotArgument(words);
  const answer = await attempting("Error saving snapshot", () => api.stream({ path: "/v1/snapshot" }));
  const progress = new Progress(io);
  try {
    await writeFileWhole(path, blocksOf(api.parts(answer), progress), {
      what: "snapshot file",
      async verify(written) {
        progress.show("Verifying");
        await verifySnapshot(written);
      },
    });
  } finally {
    progress.end();
  }
  io.stdout(`Saved and verified snapshot to index ${answer.headers.get("X-Consul-Index") ?? 0}\n`);
}

async function* blocksOf(body: AsyncIterable<Uint8Array>, progress: Progress): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const block of body) {
      yield block;
      bytes += block.length;
      progress.show(`Saved ${(bytes / 2 ** 20).toFixed(0)} MiB`);
    }
  } catch (error) {
    throw new CommandFailure(`Error saving snapshot: the answer broke off after ${bytes} bytes: ${messageOf(error)}`);
  }
}
