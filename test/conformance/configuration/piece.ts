/** A configuration that an operator could have. */
export interface Piece {
  readonly name: string;
  /** By their paths in the piece's folder. "d/" is an empty folder, and a text "-> x" makes a symbolic link to x. */
  readonly files: Readonly<Record<string, string>>;
  /** The paths passed to the agent, one -config-file each; the whole folder by default. */
  readonly paths?: readonly string[];
  readonly format?: "hcl" | "json";
  /** Values of -hcl; `validate` has no such flag, so these pieces are not validated. */
  readonly fragments?: readonly string[];
}

export function json(name: string, text: string): Piece {
  return { name, files: { "a.json": text } };
}

export function hcl(name: string, text: string): Piece {
  return { name, files: { "a.hcl": text } };
}

/** The result of `validate`. */
export interface Verdict {
  readonly valid: boolean;
  /** Sorted: "unknown service.foo", "type service.port", "duration", "syntax", "value"; none when it is valid. */
  readonly kinds: readonly string[];
}

/** The outcome of a piece. */
export interface Outcome {
  readonly name: string;
  /** undefined where `validate` does not apply. */
  readonly validate?: Verdict;
  readonly starts: boolean;
  /** As agent/services and agent/checks show them after a start, without the results of checks. */
  readonly services?: Readonly<Record<string, unknown>>;
  readonly checks?: Readonly<Record<string, unknown>>;
  /** The fields of agent/self's DebugConfig that differ from those of an agent without the piece. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** The kinds of error in a message about a configuration, of Consul or of Praetor. */
export function kindsOf(message: string): readonly string[] {
  const kinds = new Set<string>();
  for (const [, key = ""] of message.matchAll(/invalid config key ([^\s;]+)/g))
    kinds.add(`unknown ${key.toLowerCase()}`);
  const types = /'([^']*)'(?:: source data must be|: expected a map|:? expected)|cannot parse '([^']+)',/g;
  for (const [, key = "", number = key] of message.matchAll(types)) kinds.add(`type ${withoutIndex(number || key)}`);
  if (/invalid duration|unknown unit|missing unit/.test(message)) kinds.add("duration");
  // Praetor adds the file of each definition.
  const isDefinition = /: (service|check|watch) "/.test(message);
  if (/failed to parse/.test(message) && kinds.size === 0 && !isDefinition) kinds.add("syntax");
  if (kinds.size === 0) kinds.add("value");
  return [...kinds].toSorted();
}

function withoutIndex(key: string): string {
  return key.replace(/\[[^\]]*\]/g, "").toLowerCase();
}

type Checks = Outcome["checks"];

/** Consul shows no type, and so no status, for a check of a file that stands outside a service. */
export function withoutUntold(checks: Checks = {}, said: Checks = {}): object {
  const entries = Object.entries(checks).map(([id, check]) => {
    const { Type } = { Type: "", ...Object(said[id]) };
    return [id, Type === "" ? { ...Object(check), Type: "", Status: undefined } : check];
  });
  return Object.fromEntries(entries);
}
