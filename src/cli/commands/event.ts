import { jsonOf } from "../../client/http.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { JsonRow } from "../../client/json-row.ts";
import { targetFlags, targetQuery } from "../target-flags.ts";
import { wrongUsage } from "../wrong-usage.ts";

export const eventCommand: Command = apiCommand({
  name: "event",
  summary: "Fires a new event",
  synopsis: "[options] [PAYLOAD]",
  about: "Fires a user event with a name and an optional payload, which all nodes of the datacenter receive.",
  examples: [
    { what: "All nodes", command: "event -name=deploy 4.2" },
    { what: "Nodes with a certain service", command: "event -name=reload-config -service='^web$'" },
  ],
  flags: [{ name: "name", kind: "text", value: "name", help: "Name of the event." }, ...targetFlags],
  asksServers: false,
  run: fireEvent,
});

async function fireEvent({ api, flags, io, words }: ApiCall): Promise<void> {
  const name = flags.text("name") ?? "";
  if (name === "") throw wrongUsage("Event name must be specified");
  const query = targetQuery(flags);
  const [payload = "", ...more] = words;
  if (more.length > 0) throw wrongUsage("Too many command line arguments.");
  await attempting("Error querying Consul agent", () => api.json("/v1/agent/self"));
  const path = `/v1/event/fire/${encodeURIComponent(name)}`;
  const answer = await attempting("Error firing event", () => api.ok({ method: "PUT", path, query, body: payload }));
  io.stdout(`Event ID: ${new JsonRow(jsonOf(answer)).text("ID")}\n`);
}
