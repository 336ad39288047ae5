/** A piece of configuration, as an operator could write it: files, fragments for -hcl, or both. */
export interface Piece {
  readonly name: string;
  /**
   * The contents of the files by their paths in the piece's folder. The path "d/" makes an empty folder, and the
   * content "-> x" makes the file a symbolic link to x.
   */
  readonly files: Readonly<Record<string, string>>;
  /** The paths that the agent is started with, one -config-file each; by default the whole folder. */
  readonly paths?: readonly string[];
  readonly format?: "hcl" | "json";
  /** The values of the agent's flag -hcl. `validate` has no such flag, so a piece with fragments is not validated. */
  readonly fragments?: readonly string[];
}

export function json(name: string, text: string): Piece {
  return { name, files: { "a.json": text } };
}

export function hcl(name: string, text: string): Piece {
  return { name, files: { "a.hcl": text } };
}

/** The result of the command `validate`. */
export interface Verdict {
  readonly valid: boolean;
  /**
   * The kinds of error, sorted: "unknown service.foo", "type service.port", "duration", "syntax", "value". Empty if the
   * piece is valid.
   */
  readonly kinds: readonly string[];
}

/** The results of `validate` and of an agent's start with a piece of configuration. */
export interface Outcome {
  readonly name: string;
  /** The result of `validate`; undefined for a piece with fragments. */
  readonly validate?: Verdict;
  readonly starts: boolean;
  /** The answers of agent/services and of agent/checks after a start, without the results of checks. */
  readonly services?: Readonly<Record<string, unknown>>;
  readonly checks?: Readonly<Record<string, unknown>>;
  /** The fields of agent/self's DebugConfig that differ from those of an agent without the piece. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Returns the kinds of error in a message of Consul or Praetor about a configuration, sorted. */
export function kindsOf(message: string): readonly string[] {
  const kinds = new Set<string>();
  for (const [, key = ""] of message.matchAll(/invalid config key ([^\s;]+)/g))
    kinds.add(`unknown ${key.toLowerCase()}`);
  const types = /'([^']*)'(?:: source data must be|: expected a map|:? expected)|cannot parse '([^']+)',/g;
  for (const [, key = "", number = key] of message.matchAll(types)) kinds.add(`type ${withoutIndex(number || key)}`);
  if (/invalid duration|unknown unit|missing unit/.test(message)) kinds.add("duration");
  // An error of Praetor in a single definition names the file too, and is not a syntax error.
  const isDefinition = /: (service|check|watch) "/.test(message);
  if (/failed to parse/.test(message) && kinds.size === 0 && !isDefinition) kinds.add("syntax");
  if (kinds.size === 0) kinds.add("value");
  return [...kinds].toSorted();
}

function withoutIndex(key: string): string {
  return key.replace(/\[[^\]]*\]/g, "").toLowerCase();
}

type Checks = Outcome["checks"];

/**
 * Returns `checks`, with an empty type and without a status where Consul's answer `said` shows no type. Consul shows no
 * type for a check that a file defines outside a service.
 */
export function withoutUntold(checks: Checks = {}, said: Checks = {}): object {
  const entries = Object.entries(checks).map(([id, check]) => {
    const { Type } = { Type: "", ...Object(said[id]) };
    return [id, Type === "" ? { ...Object(check), Type: "", Status: undefined } : check];
  });
  return Object.fromEntries(entries);
}
