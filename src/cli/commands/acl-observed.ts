import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { JsonRow } from "../../client/json-row.ts";
import { formatFlag, wantsJson } from "../output-format.ts";

export const aclObservedCommand: Command = apiCommand({
  name: "acl observed",
  summary: "Lists what access control would refuse, and the policies needed",
  synopsis: "[options]",
  about:
    'Prints, for each token whose requests an agent with acl.mode = "observe" would have refused, the policy that it lacks, with ' +
    "how often each permission was missing. Needs a token that may read acl. Works with Praetor's agents only.",
  examples: [
    { what: "All tokens", command: "acl observed" },
    { what: "As the agent sends it", command: "acl observed -format=json" },
  ],
  flags: [formatFlag],
  words: 0,
  asksServers: false,
  run: runObserved,
});

async function runObserved(call: ApiCall): Promise<void> {
  const { api, io } = call;
  const asJson = wantsJson(call);
  const found = await attempting("Error listing refusals", () => api.json("/v1/praetor/acl/observed"));
  if (asJson) return io.stdout(`${JSON.stringify(found, undefined, 4)}\n`);
  const answer = new JsonRow(found);
  const tokens = answer.rows("Tokens");
  if (tokens.length === 0) io.stderr(`Nothing would have been refused since ${answer.text("Since")}.\n`);
  for (const token of tokens) io.stdout(`${describe(token)}\n`);
  const dropped = answer.number("Dropped");
  if (dropped > 0) io.stderr(`The agent had no room for ${dropped} more refusals.\n`);
}

function describe(token: JsonRow): string {
  const refusals = token
    .rows("Refusals")
    .map(
      (row) => `#   ${row.text("Resource")}:${row.text("Access")} ${JSON.stringify(row.text("Name"))}, ${times(row)}\n`,
    );
  const name = token.text("AccessorID") || "unknown tokens";
  return `# ${name}: ${JSON.stringify(token.text("Description"))}\n${refusals.join("")}${token.text("Policy")}`;
}

function times(row: JsonRow): string {
  const count = row.number("Count");
  return `${count} time${count === 1 ? "" : "s"}, last ${row.text("Last")}`;
}
