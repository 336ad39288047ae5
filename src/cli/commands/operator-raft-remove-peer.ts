import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";

export const operatorRaftRemovePeerCommand: Command = apiCommand({
  name: "operator raft remove-peer",
  summary: "Removes a server from the peers of Raft",
  synopsis: "[options]",
  about:
    "For a server that will not return and still counts towards the quorum. If members lists it, use force-leave instead.",
  examples: [{ what: "By its address", command: "operator raft remove-peer -address=192.0.2.3:8300" }],
  flags: [
    { name: "address", kind: "text", value: "address", help: "The server's address and port." },
    { name: "id", kind: "text", value: "id", help: "The server's id." },
  ],
  asksServers: true,
  run: removePeer,
});

async function removePeer({ api, flags, io }: ApiCall): Promise<void> {
  const [address = "", id = ""] = [flags.text("address"), flags.text("id")];
  if (address === "" && id === "")
    throw new CommandFailure("Error removing peer: an address or id is required for the peer to remove");
  if (address !== "" && id !== "") throw new CommandFailure("Error removing peer: cannot give both an address and id");
  const query = address === "" ? { id } : { address };
  await attempting("Error removing peer", () => api.ok({ method: "DELETE", path: "/v1/operator/raft/peer", query }));
  io.stdout(`Removed peer with ${address === "" ? "id" : "address"} ${JSON.stringify(address || id)}\n`);
}
