import { CommandFailure } from "./command-failure.ts";
import type { CommandFlag } from "./command.ts";
import type { Flags } from "./flags.ts";

export const nodeMetaFlag: CommandFlag = {
  name: "node-meta",
  kind: "text",
  value: "key=value",
  help: "Only nodes with this in their meta. Repeatable.",
};

export const filterFlag: CommandFlag = {
  name: "filter",
  kind: "text",
  value: "expression",
  help: "Only what this expression is true of, as in 'Meta.room == \"12\"'.",
};

/** "?near=...&node-meta=a:b", with what is undefined or empty left out; "" when nothing is left. */
export function keyValueQuery(flags: Flags, more: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(more)) if (value) query.append(name, value);
  for (const pair of flags.all("node-meta")) {
    const { key, value } = parsePair(pair, "node-meta");
    query.append("node-meta", `${key}:${value}`);
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
}

/** @throws CommandFailure when there is no "=" in what was given with this flag */
export function parsePair(text: string, flag: string): { readonly key: string; readonly value: string } {
  const at = text.indexOf("=");
  if (at < 0)
    throw new CommandFailure(
      `invalid value ${JSON.stringify(text)} for flag -${flag}: Missing "=" value in argument: ${text}`,
    );
  return { key: text.slice(0, at), value: text.slice(at + 1) };
}
