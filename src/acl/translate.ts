import { flattenJson } from "../lib/hcl/flatten.ts";
import { parseHcl } from "../lib/hcl/parser.ts";
import { printHcl } from "../lib/hcl/printer.ts";
import { HclError, type HclItem, type HclValue } from "../lib/hcl/syntax.ts";
import { RulesError, rulesNestingMax } from "./rules.ts";

/** The old rules whose name stood for all names that begin so. */
const prefixes: ReadonlySet<string> = new Set(["agent", "event", "key", "node", "query", "service", "session"]);

/**
 * Rewrites rules in the syntax before Consul 1.4, where `key "a"` meant each key that begins with "a", in the new syntax, and
 * formats them. Comments stay. As in Consul, the names change at each level.
 * @throws RulesError if the text cannot be parsed
 */
export function translateRules(text: string): string {
  try {
    const { isJson, items, comments } = parseHcl(text, { nestingMax: rulesNestingMax });
    return printHcl((isJson ? flattenJson(items) : items).map(translateItem), isJson ? [] : comments);
  } catch (error) {
    throw error instanceof HclError ? new RulesError(`Failed to parse rules: ${error.message}`) : error;
  }
}

function translateItem(item: HclItem): HclItem {
  const [first, ...labels] = item.keys;
  const value = translateValue(item.value);
  if (first === undefined || !(prefixes.has(first.name) || first.name === "policy")) return { ...item, value };
  const text = first.name === "policy" ? first.name : `${first.name}_prefix`;
  return { ...item, keys: [{ ...first, text, name: text }, ...labels], value };
}

function translateValue(value: HclValue): HclValue {
  if (value.kind === "object") return { ...value, items: value.items.map(translateItem) };
  return value.kind === "list" ? { ...value, items: value.items.map(translateValue) } : value;
}
