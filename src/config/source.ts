import type { Place, PlacedFault } from "./syntax-tree.ts";

export type SettingValue =
  | string
  | number
  | boolean
  | readonly string[]
  | Readonly<Record<string, string>>
  | Readonly<Record<string, number>>
  | SinkFields
  /** The value of a field without effect, which the agent does not read. */
  | null;

/** The fields of the sinks of the audit log, by their names. */
export type SinkFields = Readonly<Record<string, Readonly<Record<string, string | number>>>>;

/** The origin of default values. */
export const defaultOrigin = "default";

/** A value and its origin: "agent.hcl:3", "flag -http-port". */
export interface Setting {
  readonly value: SettingValue;
  readonly origin: string;
}

/** A service, check or watch definition before decoding, which needs limits from the merged configuration. */
export interface RawDefinition {
  readonly noun: "service" | "check" | "watch";
  readonly plain: unknown;
  readonly file: string;
  readonly place: Place;
  /** Unknown fields and fields of a wrong type. */
  readonly faults: readonly PlacedFault[];
}

/** The settings and definitions of one source (a file, a flag or the environment), or of all sources merged. */
export interface Source {
  /** The settings by field path: "ports.http". */
  readonly settings: ReadonlyMap<string, Setting>;
  readonly definitions: readonly RawDefinition[];
}

export const emptySource: Source = { settings: new Map(), definitions: [] };
