import type { Place, PlacedFault } from "./syntax-tree.ts";

export type SettingValue =
  | string
  | number
  | boolean
  | readonly string[]
  | Readonly<Record<string, string>>
  | Readonly<Record<string, number>>
  /** Something stands there, and nobody needs to know what. */
  | null;

/** Who gave what nobody gave. */
export const defaultOrigin = "default";

/** One value and who gave it: "agent.hcl:3", "flag -http-port". */
export interface Setting {
  readonly value: SettingValue;
  readonly origin: string;
}

/** A service, check or watch as a file has it. It is decoded when all is merged, since the agent's limits count for it. */
export interface RawDefinition {
  readonly noun: "service" | "check" | "watch";
  readonly plain: unknown;
  readonly file: string;
  readonly place: Place;
  /** Fields that are unknown or of another type. */
  readonly faults: readonly PlacedFault[];
}

/** What one file, fragment or command line says. Merged, sources make another source. */
export interface Source {
  /** By the path of the field. */
  readonly settings: ReadonlyMap<string, Setting>;
  readonly definitions: readonly RawDefinition[];
}

export const emptySource: Source = { settings: new Map(), definitions: [] };
