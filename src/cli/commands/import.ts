import { connectToOther } from "../agent-connection.ts";
import { AgentApi, apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import type { Found } from "../migration/inventory.ts";
import { Progress } from "../progress.ts";
import { listenForShutdown } from "../shutdown.ts";
import { wrongUsage } from "../wrong-usage.ts";

export const importCommand: Command = apiCommand({
  name: "import",
  summary: "Imports keys and services from Consul, core-keeper or an export",
  synopsis: "[options] [DIR]",
  about:
    "Copies keys, services with their checks, other nodes and prepared queries from another registry to the agent. DIR is a " +
    "folder that praetor export has written. The source is not changed.\n\n" +
    "The import keeps what the agent has with another value, unless -overwrite is given. Another run imports what is still " +
    "missing after an interrupt or a change of the source.\n\n" +
    "Consul does not reveal the definitions of its checks. The last output of a check by HTTP or TCP often contains its " +
    "target, from which the import reconstructs it; it reports the checks that it cannot reconstruct.",
  examples: [
    { what: "Show what would be imported from Consul", command: "import -dry-run -from-consul=http://192.0.2.7:8500" },
    { what: "Import a backup of Consul", command: "import -from-consul=backup.snap" },
    { what: "Import from core-keeper", command: "import -from-keeper=http://192.0.2.7:59890" },
    { what: "Restore an export", command: "import /backup/gateway" },
  ],
  flags: [
    { name: "dry-run", kind: "bool", value: "", help: "Print what would be done, and change nothing." },
    {
      ...{ name: "from-consul", kind: "text", value: "source" },
      help: "Address of Consul or Praetor, or a file written by snapshot save or kv export.",
    },
    { name: "from-keeper", kind: "text", value: "URL", help: "Address of core-keeper, without /api/v3." },
    {
      name: "from-token",
      kind: "text",
      value: "token",
      help: "Token for the source: Consul's, or a JWT for core-keeper.",
    },
    { name: "overwrite", kind: "bool", value: "", help: "Replace what the agent has with another value." },
    {
      ...{ name: "prefix", kind: "text", value: "key" },
      help: "Only keys with this prefix. Repeatable. For core-keeper, whole path segments; default: edgex.",
    },
    { name: "verbose", kind: "bool", value: "", help: "List each name." },
  ],
  asksServers: false,
  origin: "import",
  run: runImport,
});

async function runImport(call: ApiCall): Promise<number> {
  const { api, flags, io } = call;
  const progress = new Progress(io);
  const [
    { planImport },
    { checkIds, checksText, planText, remarksText, outcomeText },
    { readAgent },
    { acceptable },
    { carryOut },
  ] = await Promise.all([
    import("../migration/plan.ts"),
    import("../migration/report.ts"),
    import("../migration/agent-inventory.ts"),
    import("../migration/destination.ts"),
    import("../migration/carry-out.ts"),
  ]);
  const source = await readSource(call, progress).finally(() => progress.end());
  const here = await attempting("Error reading the agent", () => readAgent(api));
  const found = acceptable(withPrefixes(source, flags.all("prefix")), here);
  const plan = planImport(found, here.inventory);
  const options = { overwrite: flags.bool("overwrite"), verbose: flags.bool("verbose") };
  const dryRun = flags.bool("dry-run");
  io.stdout(`${dryRun ? "Would import" : "Importing"} from ${found.where} to ${here.where}.\n`);
  const replaced = options.overwrite ? plan.services.other.map(({ item }) => item) : [];
  const services = [...plan.services.missing, ...replaced];
  io.stdout(`${planText(plan, options)}${remarksText(found.remarks)}`);
  io.stdout(checksText(found, { services, checksHere: checkIds(here.inventory) }));
  if (dryRun) return 0;
  using shutdown = listenForShutdown(io);
  const outcome = await carryOut(plan, { api, overwrite: options.overwrite, progress, signal: shutdown.signal });
  io.stderr(outcomeText(outcome));
  return outcome.done === outcome.total ? 0 : 1;
}

async function readSource(call: ApiCall, progress: Progress): Promise<Found> {
  const { flags, io, words } = call;
  const given = [flags.text("from-consul"), flags.text("from-keeper"), ...words].filter(Boolean);
  if (given.length !== 1) throw wrongUsage("Name one source: -from-consul, -from-keeper, or the folder of an export.");
  const [source = ""] = given;
  progress.show(`Reading ${source}`);
  const server = { address: source, token: flags.text("from-token") ?? "" };
  const context = { flags, io };
  if (flags.has("from-keeper")) {
    const { keeperRoot, readKeeper } = await import("../migration/keeper-inventory.ts");
    const prefixes = flags.all("prefix");
    const http = connectToOther({ ...server, bearer: true }, context);
    return attempting(`Error reading ${source}`, () => readKeeper(http, prefixes.length > 0 ? prefixes : [keeperRoot]));
  }
  if (words.length > 0) return (await import("../migration/export-folder.ts")).readExport(source);
  if (!isAddress(source)) return (await import("../migration/dump-file.ts")).readDump(source);
  const { readAgent } = await import("../migration/agent-inventory.ts");
  const api = new AgentApi(connectToOther(server, context), { signal: io.signal });
  return attempting(`Error reading ${source}`, () => readAgent(api));
}

/** Returns whether the source is an address in the form of -http-addr; anything else is a path. */
function isAddress(source: string): boolean {
  return /^([a-z]+:\/\/.*|[\w.-]+:\d+|\[[^\]]+\]:\d+)$/i.test(source);
}

function withPrefixes(found: Found, prefixes: readonly string[]): Found {
  if (prefixes.length === 0) return found;
  const keys = found.inventory.keys.filter(({ key }) => prefixes.some((prefix) => key.startsWith(prefix)));
  return { ...found, inventory: { ...found.inventory, keys } };
}
