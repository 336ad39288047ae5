import type { KvVersionJson } from "../../../src/wire/kv-history.ts";
import { bytesOf, type Pair, sizeText, textOf } from "./value.ts";

/** A version beside the present value: as two texts; as a sentence if one of them is no text. */
export type Shown = { readonly isPresent: boolean } & (
  | { readonly present: string; readonly past: string }
  | { readonly bytes: string }
);

export function shownOf({ Value: value, Size: size = 0, Flags: flags }: KvVersionJson, pair: Pair | undefined): Shown {
  const now = pair ? bytesOf(pair) : new Uint8Array();
  const old = value === undefined ? new Uint8Array() : bytesOf({ Value: value });
  const isPresent = pair !== undefined && isSame(now, old) && Number(flags ?? 0) === pair.Flags;
  const [present, past] = [textOf(now), textOf(old)];
  if (present !== undefined && past !== undefined) return { isPresent, present, past };
  return {
    isPresent,
    bytes: `The value then had ${sizeText(size)}, and now has ${sizeText(now.length)}. They are no texts.`,
  };
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

const originTexts: Readonly<Record<NonNullable<KvVersionJson["Origin"]>, string>> = {
  "": "comes from a client that is not known",
  default: "is a default of its service",
  file: "comes from the configuration file of its service",
  environment: "comes from the environment of its service",
  service: "comes from its service",
  operator: "was set by an operator",
  import: "was imported",
  rollback: "was rolled back",
  "port-assignment": "is a port that Praetor has assigned",
};

/** Returns where a value comes from, as the rest of a sentence about it. */
export function originText(origin: NonNullable<KvVersionJson["Origin"]>): string {
  return originTexts[origin];
}

/** Returns whether a person has set the value, and not the key's service. */
export function isOfOperator(origin: NonNullable<KvVersionJson["Origin"]>): boolean {
  return origin === "operator" || origin === "import" || origin === "rollback";
}

/** Returns who made a version: the token's description, the program and its address; "" if that is not known. */
export function authorOf({ By: by }: Pick<KvVersionJson, "By">): string {
  if (!by) return "";
  const place = [by.Client, by.Address].filter((part) => part !== "").join(" ");
  const token = by.Token || by.AccessorID;
  if (token === "") return place;
  return place === "" ? token : `${token} (${place})`;
}
