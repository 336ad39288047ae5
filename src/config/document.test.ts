import { describe, expect, test } from "bun:test";
import { environmentVariables } from "./environment.ts";
import type { Field } from "./field.ts";
import { fields } from "./fields.ts";
import { type AgentFlag, agentFlags } from "./flag-table.ts";
import { isUnused } from "./usage.ts";

const document = await Bun.file(new URL("../../docs/config.md", import.meta.url)).text();

/**
 * Returns the lines of the document's tables whose first cell begins with `beginning`, sorted, without the blanks that align the
 * columns.
 */
function rows(beginning: string): readonly string[] {
  const lines = document.split("\n").map((line) => line.replace(/ *\| */g, "|"));
  return lines.filter((line) => line.startsWith(`|${beginning}`)).toSorted();
}

function fieldRow({ path, type, use, fallback, meaning }: Field): string {
  if (use === "used") return `|\`${path}\`|${type}|${fallback}|${meaning}|`;
  return use === "settled"
    ? `|\`${path}\`|${type}|nothing to set|${meaning}|`
    : `|\`${path}\`|${type}|no meaning|${meaning}|`;
}

function flagRow(flag: AgentFlag): string {
  const value = flag.placeholder === "" ? "" : ` ${flag.placeholder}`;
  const field = flag.field === undefined ? "" : `\`${flag.field}\``;
  return `|\`-${flag.name}${value}\`|${field}|${isUnused(flag) ? "accepted, no meaning here" : flag.help}|`;
}

describe("docs/config.md", () => {
  test("lists each configuration field, and no other", () => {
    expect(rows("`").filter((row) => row.split("|").length === 6)).toEqual(fields.map(fieldRow).toSorted());
  });

  test("lists each flag, and no other", () => {
    expect(rows("`-")).toEqual(agentFlags.map(flagRow).toSorted());
  });

  test("lists each environment variable, and no other", () => {
    const expected = Object.entries(environmentVariables).map(([name, meaning]) => `|\`${name}\`|${meaning}|`);
    expect(rows("`CONSUL_")).toEqual(expected.toSorted());
  });
});
