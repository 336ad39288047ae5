import { assert } from "../lib/assert.ts";
import { parseDuration } from "../lib/duration.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { parseGoFlags } from "../lib/go-flags.ts";
import { fieldByPath } from "./fields.ts";
import { type AgentFlag, agentFlags } from "./flag-table.ts";
import { emptySource, type Setting, type SettingValue, type Source } from "./source.ts";

/** The parsed arguments of `praetor agent`. */
export interface CommandLine {
  readonly helpAsked: boolean;
  readonly devMode: boolean;
  /** Files and folders of configuration, in the order given. */
  readonly configPaths: readonly string[];
  readonly configFormat: "json" | "hcl" | undefined;
  readonly hclFragments: readonly string[];
  /**
   * The settings of flags whose fields are lists. Consul: these settings are merged before the files, and those of all other
   * flags after the files. A list inside a group (ports, dns_config) is merged after the files, too.
   */
  readonly lists: Source;
  readonly scalars: Source;
}

/** Consul: -config-file and -config-dir both accept files and folders, which are merged in the order of the command line. */
const pathFlags: readonly string[] = ["config-file", "config-dir"];

/** Parses the arguments of `praetor agent`. @throws OperatingError invalid */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values, inOrder, rest, helpAsked } = parseGoFlags(args, agentFlags);
  if (rest.length > 0 && !helpAsked) throw invalid(`Unexpected extra arguments: [${rest.join(" ")}]`);
  // Consul merges lists and other settings at different points: see CommandLine.lists.
  const lists = new Map<string, Setting>();
  const scalars = new Map<string, Setting>();
  for (const flag of agentFlags) {
    const given = values.get(flag.name);
    if (given === undefined || flag.field === undefined) continue;
    const value = settingValue(flag, given);
    const isList = Array.isArray(value) && !flag.field.includes(".");
    (isList ? lists : scalars).set(flag.field, { value, origin: `flag -${flag.name}` });
  }
  return {
    helpAsked,
    devMode: values.get("dev")?.at(-1) === "true",
    configPaths: inOrder.filter(({ name }) => pathFlags.includes(name)).map(({ value }) => value),
    configFormat: configFormat(values.get("config-format")?.at(-1)),
    hclFragments: values.get("hcl") ?? [],
    lists: { ...emptySource, settings: lists },
    scalars: { ...emptySource, settings: scalars },
  };
}

function configFormat(format: string | undefined): "json" | "hcl" | undefined {
  if (format === undefined || format === "" || format === "json" || format === "hcl") return format || undefined;
  throw invalid("config: -config-format must be either 'hcl' or 'json'");
}

function settingValue(flag: AgentFlag, given: readonly string[]): SettingValue {
  const field = flag.field === undefined ? undefined : fieldByPath.get(flag.field);
  assert(field !== undefined, `flag -${flag.name} sets a field that does not exist`);
  const last = given.at(-1) ?? "";
  if (field.type === "strings") return given;
  if (field.type === "string map") return Object.fromEntries(given.map(splitPair));
  if (field.type === "duration") return duration(field.path, last);
  if (flag.kind === "bool") return last === "true";
  return flag.kind === "int" ? Number(last) : last;
}

/** Splits "rack:3" into the name "rack" and the value "3"; without a colon, the value is "". */
function splitPair(pair: string): readonly [string, string] {
  const colon = pair.indexOf(":");
  return colon < 0 ? [pair, ""] : [pair.slice(0, colon), pair.slice(colon + 1)];
}

function duration(path: string, text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw invalid(`${path}: invalid duration: ${JSON.stringify(text)}: ${messageOf(error)}`);
  }
}

function invalid(message: string): OperatingError {
  return new OperatingError("invalid", "invalid-flag", message);
}
