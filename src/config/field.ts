/** What a field of the configuration holds. A duration is written as text ("10s") and kept as milliseconds. */
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
  | "object" // free: whatever stands in it
  | "objects"
  | "service"
  | "services"
  | "check"
  | "checks"
  | "watches";

/**
 * What becomes of a field:
 * - used: it changes what the agent does;
 * - settled: whatever it says, the agent behaves as the careful setting would, so there is nothing to say;
 * - unused: accepted, so that files written for Consul load, but it has no meaning here, which is said once at start.
 */
export type FieldUse = "used" | "settled" | "unused";

/** One row of docs/config.md. */
export interface Field {
  /** As written in files, groups joined by dots: "ports.http". */
  readonly path: string;
  readonly type: FieldType;
  readonly use: FieldUse;
  /** As a reader would write it; "" where it says nothing. */
  readonly fallback: string;
  /** What it does, or why it does nothing. */
  readonly meaning: string;
}

export function used(path: string, type: FieldType, fallback: string, meaning: string): Field {
  return { path, type, use: "used", fallback, meaning };
}

export function settled(path: string, type: FieldType, meaning: string): Field {
  return { path, type, use: "settled", fallback: "", meaning };
}

/** Several fields of one group that mean nothing here for the same reason. */
export function unused(reason: string, fields: Readonly<Record<string, FieldType>>, group = ""): readonly Field[] {
  return Object.entries(fields).map(([name, type]) => ({
    path: group + name,
    type,
    use: "unused",
    fallback: "",
    meaning: reason,
  }));
}
