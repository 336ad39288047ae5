import { readFile } from "node:fs/promises";
import { fieldsOf } from "../../client/json-object.ts";
import { checksUrl } from "../../client/service-health.ts";
import { parseDuration } from "../../lib/duration.ts";
import { messageOf } from "../../lib/errors.ts";
import type { CommandFlag } from "../command.ts";
import type { Flags } from "../flags.ts";
import { wrongUsage } from "../wrong-usage.ts";

export interface HealthOptions {
  /** The service's name; undefined for --self. */
  readonly service: string | undefined;
  /** URL of the list of checks that --url or the file of --config sets; undefined if neither does. */
  readonly url: URL | undefined;
  readonly desiredState: string;
  readonly timeoutMs: number;
  readonly isVerbose: boolean;
}

export const healthFlags: readonly CommandFlag[] = [
  {
    ...{ name: "url", kind: "text", value: "URL" },
    help:
      "List of checks to read: .../v1/agent/checks or .../v1/health/checks/NAME, or only an agent's http://host:port. " +
      "Without it and -http-addr, the agent in PRAETOR_HTTP_ADDR or CONSUL_HTTP_ADDR, else http://edgex-core-consul:8500.",
  },
  {
    ...{ name: "desired-state", kind: "text", value: "state" },
    help: "passing (default), warning or critical.",
  },
  {
    ...{ name: "timeout", kind: "text", value: "duration" },
    help: "How long to wait for the answer; default: 800ms, within a script check's second.",
  },
  {
    ...{ name: "config", kind: "text", value: "file" },
    help: 'File with "url", "desired-state" and "timeout", as JSON or NAME=VALUE lines; flags take precedence.',
  },
  { name: "self", kind: "bool", value: "", help: "Check the agent itself." },
  { name: "verbose", kind: "bool", value: "", help: "Print each check that does not pass." },
];

const states: readonly string[] = ["passing", "warning", "critical"];
const defaultTimeout = "800ms";

/**
 * Reads the options from flags and the file of --config.
 * @throws OperatingError invalid if an option is invalid or the file cannot be read
 */
export async function readHealthOptions(words: readonly string[], flags: Flags): Promise<HealthOptions> {
  assertOneTarget(words, flags.bool("self"));
  if (flags.has("url") && flags.has("http-addr"))
    throw wrongUsage("name the agent with -http-addr or its list of checks with -url, not both");
  const path = flags.text("config");
  const fromFile = path === undefined ? {} : await readSettings(path);
  const url = flags.text("url") ?? (flags.has("http-addr") ? undefined : fromFile.url);
  return {
    service: words[0],
    url: url === undefined ? undefined : asUsage(() => checksUrl(url)),
    desiredState: stateOf(flags.text("desired-state") ?? fromFile["desired-state"] ?? "passing"),
    timeoutMs: timeoutOf(flags.text("timeout") ?? fromFile.timeout ?? defaultTimeout),
    isVerbose: flags.bool("verbose"),
  };
}

function asUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw wrongUsage(messageOf(error));
  }
}

function assertOneTarget(words: readonly string[], isSelf: boolean): void {
  const expected = isSelf ? 0 : 1;
  if (words.length === expected) return;
  throw wrongUsage(`accepts ${expected} arg(s)${isSelf ? " with --self" : ""}, received ${words.length}`);
}

function stateOf(text: string): string {
  if (states.includes(text)) return text;
  throw wrongUsage(`unknown desired state ${JSON.stringify(text)}; expected ${states.join(", ")}`);
}

function timeoutOf(text: string): number {
  const timeoutMs = asUsage(() => parseDuration(text));
  if (timeoutMs > 0) return timeoutMs;
  throw wrongUsage(`a timeout of ${text} leaves no time to answer`);
}

type FileSettings = { readonly [name in "url" | "desired-state" | "timeout"]?: string };

const settingNames: readonly string[] = ["url", "desired-state", "timeout"] satisfies (keyof FileSettings)[];

async function readSettings(path: string): Promise<FileSettings> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw wrongUsage(`cannot read --config ${path}: ${messageOf(cause)}`);
  }
  const settings = text.trimStart().startsWith("{") ? parseJson(path, text) : parseLines(path, text);
  const unknown = Object.keys(settings).find((name) => !settingNames.includes(name));
  if (unknown !== undefined)
    throw wrongUsage(`${path}: unknown setting ${unknown}; expected ${settingNames.join(", ")}`);
  return settings;
}

function parseJson(path: string, text: string): Readonly<Record<string, string>> {
  try {
    const json: unknown = JSON.parse(text);
    return Object.fromEntries(Object.entries(fieldsOf(json)).map(([name, value]) => [name, String(value)]));
  } catch (cause) {
    throw wrongUsage(`${path}: ${messageOf(cause)}`);
  }
}

/** Parses lines NAME=VALUE, or NAME: VALUE as in a flat YAML file; # begins a comment line. */
function parseLines(path: string, text: string): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  text.split("\n").forEach((line, at) => {
    if (/^\s*(#|---\s*$|$)/.test(line)) return;
    const [, name, value] = /^\s*([\w-]+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw wrongUsage(`${path}:${at + 1}: expected NAME=VALUE`);
    settings[name] = value.replace(/^(["'])(.*)\1$/, "$2");
  });
  return settings;
}
