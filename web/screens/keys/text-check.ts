import {
  applyEdits,
  format as jsonEdits,
  parseTree,
  type Node,
  type ParseError,
  printParseErrorCode,
} from "jsonc-parser";
import { parse as parseToml, TomlError } from "smol-toml";
import { parseDocument } from "yaml";
import type { Format } from "./value.ts";

/* Faults of JSON, YAML and TOML, also names that an object has twice, and the layout of the first two. Loaded when it is needed. */

export interface TextFault {
  /** Offset in characters. */
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

/** Returns the faults of a text of this format. */
export function faultsOf(format: Format, text: string): readonly TextFault[] {
  if (text.trim() === "") return [];
  switch (format) {
    case "json":
      return jsonFaults(text);
    case "yaml":
      return parseDocument(text, { uniqueKeys: true, prettyErrors: false }).errors.map(({ message, pos }) => ({
        ...{ message, from: pos[0], to: pos[1] },
      }));
    case "toml":
      return tomlFaults(text);
    case "text":
      return [];
  }
}

function jsonFaults(text: string): readonly TextFault[] {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { disallowComments: true });
  const faults = errors.map(({ error, offset, length }) => ({
    ...{ from: offset, to: offset + length },
    // "CommaExpected" becomes "comma expected".
    message: printParseErrorCode(error)
      .replaceAll(/(?<!^)([A-Z])/g, " $1")
      .toLowerCase(),
  }));
  return [...faults, ...(tree ? doubleNames(tree) : [])];
}

function doubleNames(node: Node): readonly TextFault[] {
  const inner = (node.children ?? []).flatMap(doubleNames);
  if (node.type !== "object") return inner;
  const seen = new Set<unknown>();
  const double = (node.children ?? []).flatMap(({ children: [name] = [] }) => {
    if (!name || !seen.has(name.value)) {
      seen.add(name?.value);
      return [];
    }
    const message = `the name ${JSON.stringify(name.value)} is in the object twice`;
    return [{ message, from: name.offset, to: name.offset + name.length }];
  });
  return [...double, ...inner];
}

function tomlFaults(text: string): readonly TextFault[] {
  try {
    parseToml(text);
    return [];
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const before = text.split("\n").slice(0, error.line - 1);
    const from = Math.min(text.length, before.reduce((sum, line) => sum + line.length + 1, 0) + error.column - 1);
    return [{ from, to: Math.min(text.length, from + 1), message: error.message.split("\n")[0] ?? "" }];
  }
}

/** Returns the text laid out anew, with its comments; undefined if it has faults, or there is no layout for the format. */
export function laidOut(format: Format, text: string): string | undefined {
  if (faultsOf(format, text).length > 0) return undefined;
  if (format === "json") return applyEdits(text, jsonEdits(text, undefined, { tabSize: 2, insertSpaces: true }));
  return format === "yaml" ? parseDocument(text).toString() : undefined;
}
