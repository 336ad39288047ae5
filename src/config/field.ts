/** The type of a configuration field. A duration is written as text ("10s") and held in milliseconds. */
export type FieldType =
  | "string"
  | "bool"
  | "int"
  | "uint"
  | "float"
  | "duration"
  | "strings"
  | "string map"
  | "duration map"
  | "object" // any content
  | "objects"
  | "sinks" // of the audit log, by name
  | "service"
  | "services"
  | "check"
  | "checks"
  | "watches";

/**
 * The use that the agent makes of a field:
 * - used: it changes what the agent does;
 * - settled: the agent always behaves as with the field's safest value, so it logs no warning about the field;
 * - unused: accepted, so that files written for Consul load, but without effect; the agent logs a warning at start.
 */
export type FieldUse = "used" | "settled" | "unused";

/** A configuration field, and its row in docs/config.md. */
export interface Field {
  /** The name in files, with its groups joined by dots: "ports.http". */
  readonly path: string;
  readonly type: FieldType;
  readonly use: FieldUse;
  /** The default, as docs/config.md shows it; "" if empty. */
  readonly fallback: string;
  /** The effect of the field, or the reason why it has none. */
  readonly meaning: string;
}

export function used(path: string, type: FieldType, fallback: string, meaning: string): Field {
  return { path, type, use: "used", fallback, meaning };
}

export function settled(path: string, type: FieldType, meaning: string): Field {
  return { path, type, use: "settled", fallback: "", meaning };
}

/** Returns several fields that have no effect for the same reason. */
export function unused(reason: string, fields: Readonly<Record<string, FieldType>>, group = ""): readonly Field[] {
  return Object.entries(fields).map(([name, type]) => ({
    path: group + name,
    type,
    use: "unused",
    fallback: "",
    meaning: reason,
  }));
}
