import { readFile } from "node:fs/promises";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { parseDuration } from "../../lib/duration.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import { fieldsOf } from "../../client/json-object.ts";
import { checksUrl } from "../../client/service-health.ts";

export interface HealthOptions {
  readonly isHelpAsked: boolean;
  /** undefined: the agent itself is meant. */
  readonly service: string | undefined;
  readonly url: string | undefined;
  readonly desiredState: string;
  readonly timeoutMs: number;
  readonly isVerbose: boolean;
}

const flags = {
  url: { type: "string" },
  "desired-state": { type: "string" },
  timeout: { type: "string" },
  config: { type: "string" },
  self: { type: "boolean" },
  verbose: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsConfig["options"];

const states: readonly string[] = ["passing", "warning", "critical"];
const defaultTimeout = "800ms";

/** @throws OperatingError invalid; also for a file of --config that cannot be read */
export async function parseHealthOptions(args: readonly string[]): Promise<HealthOptions> {
  const { values, positionals } = parseArgs({ args: [...args], options: flags, allowPositionals: true });
  const isHelpAsked = values.help ?? false;
  const fromFile = values.config === undefined || isHelpAsked ? {} : await readSettings(values.config);
  if (!isHelpAsked) assertOneTarget(positionals, values.self ?? false);
  const url = values.url ?? fromFile.url;
  if (url !== undefined) checksUrl(url);
  return {
    isHelpAsked,
    service: positionals[0],
    url,
    desiredState: stateOf(values["desired-state"] ?? fromFile["desired-state"] ?? "passing"),
    timeoutMs: timeoutOf(values.timeout ?? fromFile.timeout ?? defaultTimeout),
    isVerbose: values.verbose ?? false,
  };
}

function assertOneTarget(positionals: readonly string[], isSelf: boolean): void {
  const expected = isSelf ? 0 : 1;
  if (positionals.length === expected) return;
  throw usageError(`accepts ${expected} arg(s)${isSelf ? " with --self" : ""}, received ${positionals.length}`);
}

function stateOf(text: string): string {
  if (states.includes(text)) return text;
  throw usageError(`unknown desired state ${JSON.stringify(text)}; expected ${states.join(", ")}`);
}

function timeoutOf(text: string): number {
  const timeoutMs = parseDuration(text);
  if (timeoutMs > 0) return timeoutMs;
  throw usageError(`a timeout of ${text} leaves no time to answer`);
}

type FileSettings = { readonly [name in "url" | "desired-state" | "timeout"]?: string };

const settingNames: readonly string[] = ["url", "desired-state", "timeout"] satisfies (keyof FileSettings)[];

async function readSettings(path: string): Promise<FileSettings> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw usageError(`cannot read --config ${path}: ${messageOf(cause)}`);
  }
  const settings = text.trimStart().startsWith("{") ? parseJson(path, text) : parseLines(path, text);
  const unknown = Object.keys(settings).find((name) => !settingNames.includes(name));
  if (unknown !== undefined)
    throw usageError(`${path}: unknown setting ${unknown}; expected ${settingNames.join(", ")}`);
  return settings;
}

function parseJson(path: string, text: string): Readonly<Record<string, string>> {
  try {
    const json: unknown = JSON.parse(text);
    return Object.fromEntries(Object.entries(fieldsOf(json)).map(([name, value]) => [name, String(value)]));
  } catch (cause) {
    throw usageError(`${path}: ${messageOf(cause)}`);
  }
}

/** NAME=VALUE, or NAME: VALUE, which is what a flat YAML file looks like; # begins a comment line. */
function parseLines(path: string, text: string): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  text.split("\n").forEach((line, at) => {
    if (/^\s*(#|---\s*$|$)/.test(line)) return;
    const [, name, value] = /^\s*([\w-]+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw usageError(`${path}:${at + 1}: expected NAME=VALUE`);
    settings[name] = value.replace(/^(["'])(.*)\1$/, "$2");
  });
  return settings;
}

function usageError(message: string): OperatingError {
  return new OperatingError("invalid", "wrong-usage", message);
}
