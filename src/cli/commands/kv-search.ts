import { jsonOf, unexpectedStatus } from "../../client/http.ts";
import { JsonRow } from "../../client/json-row.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import { type Command, type CommandIo, mayColour } from "../command.ts";
import { formatFlag, printTable, wantsJson } from "../output-format.ts";
import { printable } from "../printable.ts";

export const kvSearchCommand: Command = apiCommand({
  name: "kv search",
  summary: "Finds keys by a text in their names or values",
  synopsis: "[options] TEXT",
  about:
    "Lists the keys that have this text in their name or in the first 64 KiB of their value, whatever its case, with the text " +
    "around it. The agent searches, among the keys that the token may read. Works with Praetor's agents only.",
  examples: [
    { what: "Where a host is configured", command: "kv search edgex-redis" },
    { what: "Only in names, below a folder", command: "kv search -in=keys -prefix=edgex/core/ loglevel" },
    { what: "For a program", command: "kv search -format=json -limit=1000 1883" },
  ],
  flags: [
    formatFlag,
    { name: "in", kind: "text", value: "keys|values", help: "Search names (keys) or values alone; default: both." },
    { name: "limit", kind: "uint", value: "number", help: "Show so many keys, at most 1000; default: 200." },
    { name: "prefix", kind: "text", value: "prefix", help: "Search only the keys with this prefix." },
  ],
  flagsAnywhere: true,
  asksServers: true,
  run: searchKeys,
});

async function searchKeys(call: ApiCall): Promise<void> {
  const { api, io, words } = call;
  const [text = ""] = words;
  if (text === "") throw new CommandFailure("Error! Missing TEXT argument");
  if (words.length > 1)
    throw new CommandFailure(`Error! Too many arguments (expected 1, got ${words.length}); quote a text with blanks`);
  const asJson = wantsJson(call);
  const query = { q: text, ...given(call, "in"), ...given(call, "prefix"), ...given(call, "limit") };
  const answer = await attempting(failed, () => api.request({ path: "/v1/praetor/search", query }));
  if (answer.status === 404) throw new CommandFailure(`${failed}: only Praetor's agents have it`);
  if (answer.status !== 200) throw new CommandFailure(`${failed}: ${unexpectedStatus(answer).message}`);
  const json = jsonOf(answer);
  const found = new JsonRow(json);
  const matches = found.rows("Matches");
  const [all, searched] = [found.number("Found"), found.number("Searched")];
  if (matches.length > 0 || asJson)
    printTable(call, json, () => [headings, ...matches.map((match) => rowOf(match, text, io))]);
  if (matches.length < all) io.stderr(`These are the first ${matches.length} of ${all}; -limit shows up to 1000.\n`);
  if (all === 0) io.stderr(`No key has this text; ${searched} were searched.\n`);
}

const failed = "Error searching keys";

function given({ flags }: ApiCall, name: string): Readonly<Record<string, string>> {
  const value = flags.text(name);
  return value === undefined ? {} : { [name]: value };
}

const headings = ["Key", "Bytes", "Text"];

function rowOf(match: JsonRow, text: string, io: Pick<CommandIo, "isTerminal" | "env">): readonly string[] {
  const mark = (part: string): string => (mayColour(io) ? marked(printable(part), text) : printable(part));
  return [mark(match.text("Key")), String(match.number("Bytes")), mark(match.text("Excerpt"))];
}

/** Returns the text with each occurrence of `part` in bold, whatever its case. */
function marked(text: string, part: string): string {
  const escaped = part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  return text.replaceAll(new RegExp(escaped, "gi"), "\u001b[1m$&\u001b[0m");
}
