import { CommandFailure } from "./command-failure.ts";
import type { CommandFlag } from "./command.ts";
import type { Flags } from "./flags.ts";

export const nodeMetaFlag: CommandFlag = {
  name: "node-meta",
  kind: "text",
  value: "key=value",
  help: "Only nodes with this pair in their metadata. Repeatable.",
};

export const filterFlag: CommandFlag = {
  name: "filter",
  kind: "text",
  value: "expression",
  help: "Only rows that match this expression, as in 'Meta.room == \"12\"'.",
};

/** Returns a query string such as "?near=...&node-meta=a:b", without undefined and empty parameters; "" if none remain. */
export function keyValueQuery(flags: Flags, more: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(more)) if (value) query.append(name, value);
  for (const pair of flags.all("node-meta")) {
    const { key, value } = parsePair(pair, "node-meta");
    query.append("node-meta", `${key}:${value}`);
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
}

/** Splits a flag's "key=value". @throws CommandFailure if it has no "=" */
export function parsePair(text: string, flag: string): { readonly key: string; readonly value: string } {
  const at = text.indexOf("=");
  if (at < 0)
    throw new CommandFailure(
      `invalid value ${JSON.stringify(text)} for flag -${flag}: Missing "=" value in argument: ${text}`,
    );
  return { key: text.slice(0, at), value: text.slice(at + 1) };
}
