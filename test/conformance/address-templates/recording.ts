import { join } from "node:path";
import type { Addresses } from "../../../src/config/sockaddr/interfaces.ts";

/** Consul's expansion of a template, or the reason why it refuses the template. */
export type Outcome = { readonly words: string } | { readonly error: string };

export interface TemplateRecord {
  readonly template: string;
  /**
   * The sets of interfaces in which the template is tried: "all", or the name of one set; by default `usualSets` of
   * record.ts.
   */
  readonly on?: string;
  /** Consul's expansion or error for each set of interfaces, by the set's name. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

export interface Recording {
  /** The addresses of each set of interfaces, as `machineAddresses` lists them, by the set's name. */
  readonly addresses: Readonly<Record<string, Addresses>>;
  readonly templates: readonly TemplateRecord[];
}

/** The file of the recording: one line with Consul's version, one for each set of interfaces, and one for each template. */
const file = join(import.meta.dir, "recording.jsonl");

export async function readRecording(): Promise<Recording> {
  const [, ...lines] = (await Bun.file(file).text()).trimEnd().split("\n");
  const records = lines.map((line): { set: string; addresses: Addresses } | TemplateRecord =>
    JSON.parse(line, reviveBigInt),
  );
  return {
    addresses: Object.fromEntries(
      records.flatMap((record) => ("set" in record ? [[record.set, record.addresses] as const] : [])),
    ),
    templates: records.filter((record) => "template" in record),
  };
}

export async function writeRecording(consul: string, { addresses, templates }: Recording): Promise<void> {
  const recorded = new Date().toISOString().slice(0, 10);
  const sets = Object.entries(addresses).map(([set, list]) => ({ set, addresses: list }));
  const lines = [{ consul, recorded }, ...sets, ...templates].map((each) => `${JSON.stringify(each, keepBigInt)}\n`);
  await Bun.write(file, lines.join(""));
}

/** Replaces a bigint by its decimal text, because JSON has no bigint. A replacer for `JSON.stringify`. */
export function keepBigInt(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

export function reviveBigInt(key: string, value: unknown): unknown {
  return key === "value" && typeof value === "string" ? BigInt(value) : value;
}
