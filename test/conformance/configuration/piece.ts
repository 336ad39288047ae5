/** A configuration as somebody could have it. */
export interface Piece {
  readonly name: string;
  /** By their paths in the piece's folder. "d/" is an empty folder, and a text "-> x" makes a symbolic link to x. */
  readonly files: Readonly<Record<string, string>>;
  /** What is named to the agent, one -config-file each; the whole folder unless told. */
  readonly paths?: readonly string[];
  readonly format?: "hcl" | "json";
  /** Each a -hcl; `validate` takes none, so it is not asked about these pieces. */
  readonly fragments?: readonly string[];
}

export function json(name: string, text: string): Piece {
  return { name, files: { "a.json": text } };
}

export function hcl(name: string, text: string): Piece {
  return { name, files: { "a.hcl": text } };
}

/** What `validate` said. */
export interface Verdict {
  readonly valid: boolean;
  /** Sorted: "unknown service.foo", "type service.port", "duration", "syntax", "value"; none when it is valid. */
  readonly kinds: readonly string[];
}

/** What became of a piece. */
export interface Outcome {
  readonly name: string;
  /** undefined where `validate` cannot be asked. */
  readonly validate?: Verdict;
  readonly starts: boolean;
  /** As agent/services and agent/checks show them, when it starts; what checks found is left out. */
  readonly services?: Readonly<Record<string, unknown>>;
  readonly checks?: Readonly<Record<string, unknown>>;
  /** The fields of agent/self's DebugConfig that an agent without the piece has otherwise. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** The kinds of a message about a configuration, of Consul or of Praetor. */
export function kindsOf(message: string): readonly string[] {
  const kinds = new Set<string>();
  for (const [, key = ""] of message.matchAll(/invalid config key ([^\s;]+)/g))
    kinds.add(`unknown ${key.toLowerCase()}`);
  const types = /'([^']*)'(?:: source data must be|: expected a map|:? expected)|cannot parse '([^']+)',/g;
  for (const [, key = "", number = key] of message.matchAll(types)) kinds.add(`type ${withoutIndex(number || key)}`);
  if (/invalid duration|unknown unit|missing unit/.test(message)) kinds.add("duration");
  // Praetor says of each definition in which file it is.
  const isDefinition = /: (service|check|watch) "/.test(message);
  if (/failed to parse/.test(message) && kinds.size === 0 && !isDefinition) kinds.add("syntax");
  if (kinds.size === 0) kinds.add("value");
  return [...kinds].toSorted();
}

function withoutIndex(key: string): string {
  return key.replace(/\[[^\]]*\]/g, "").toLowerCase();
}

type Checks = Outcome["checks"];

/** Consul shows no type, and so no status, of a check of a file that stands outside a service. */
export function withoutUntold(checks: Checks = {}, said: Checks = {}): object {
  const entries = Object.entries(checks).map(([id, check]) => {
    const { Type } = { Type: "", ...Object(said[id]) };
    return [id, Type === "" ? { ...Object(check), Type: "", Status: undefined } : check];
  });
  return Object.fromEntries(entries);
}
