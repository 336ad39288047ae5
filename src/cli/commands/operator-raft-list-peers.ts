import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { JsonRow } from "../../client/json-row.ts";
import { formatFlag, printTable } from "../output-format.ts";

export const operatorRaftListPeersCommand: Command = apiCommand({
  name: "operator raft list-peers",
  summary: "Lists the peers of Raft",
  synopsis: "[options]",
  about: "Lists the servers in the Raft configuration, and which of them is the leader.",
  examples: [{ what: "All of them", command: "operator raft list-peers" }],
  flags: [formatFlag],
  asksServers: true,
  run: listPeers,
});

async function listPeers(call: ApiCall): Promise<void> {
  const attempted = "Error getting peers: Failed to retrieve raft configuration";
  const json = await attempting(attempted, () => call.api.json("/v1/operator/raft/configuration"));
  const rows = new JsonRow(json).rows("Servers").map((server) => [
    server.text("Node"),
    server.text("ID"),
    server.text("Address"),
    server.bool("Leader") ? "leader" : "follower",
    String(server.bool("Voter")),
    // Consul: the first versions of the protocol sent no version.
    server.text("ProtocolVersion") || "<=1",
  ]);
  printTable(call, json, () => [["Node", "ID", "Address", "State", "Voter", "RaftProtocol"], ...rows]);
}
