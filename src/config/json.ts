import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { nestingMax, type Place, type Scalar, type SyntaxTree, unusableFile } from "./syntax-tree.ts";

/**
 * Token kinds of jsonc-parser, which declares them as a const enum. TypeScript cannot import a const enum with isolatedModules.
 */
const openBrace = 1;
const closeBrace = 2;
const openBracket = 3;
const closeBracket = 4;
const endOfFile = 17;

/**
 * Parses strict JSON: no comments, no trailing commas. An empty file is an empty object.
 * @throws OperatingError invalid, with line and column
 */
export function parseJson(text: string, file: string): SyntaxTree {
  const placeAt = placeFinder(text);
  refuseDeepNesting(text, (offset, message) => unusableFile(file, [{ place: placeAt(offset), message }]));
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: true });
  const [first] = errors;
  if (first !== undefined) {
    const message = `${describe(printParseErrorCode(first.error))} near ${excerpt(text, first.offset)}`;
    throw unusableFile(file, [{ place: placeAt(first.offset), message }]);
  }
  if (root === undefined) return { kind: "object", entries: new Map(), place: { line: 1, column: 1 } };
  return convert(root, placeAt);
}

function convert(node: Node, placeAt: (offset: number) => Place): SyntaxTree {
  const place = placeAt(node.offset);
  const children = node.children ?? [];
  if (node.type === "array") return { kind: "list", items: children.map((item) => convert(item, placeAt)), place };
  if (node.type !== "object") return { kind: "scalar", value: scalarOf(node.value), place };
  const entries = new Map<string, SyntaxTree>();
  for (const property of children) {
    const [key, value] = property.children ?? [];
    // The last value of a repeated key wins. Errors point to the key, not to the value.
    if (key === undefined || value === undefined) continue;
    entries.set(String(key.value), { ...convert(value, placeAt), place: placeAt(key.offset) });
  }
  return { kind: "object", entries, place };
}

/** Returns the value of a scalar. jsonc-parser types it as `any`, but returns only these types. */
function scalarOf(value: unknown): Scalar {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}

/** Refuses JSON that is nested too deeply, before jsonc-parser runs, since jsonc-parser recurses for each level. */
function refuseDeepNesting(text: string, fail: (offset: number, message: string) => Error): void {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (let token: number = scanner.scan(); token !== endOfFile; token = scanner.scan()) {
    if (token === openBrace || token === openBracket) depth += 1;
    if (token === closeBrace || token === closeBracket) depth -= 1;
    if (depth > nestingMax) throw fail(scanner.getTokenOffset(), `more than ${nestingMax} levels of nesting`);
  }
}

function placeFinder(text: string): (offset: number) => Place {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

function excerpt(text: string, offset: number): string {
  if (offset >= text.length) return "the end of the file";
  return JSON.stringify(text.slice(offset, offset + 20).split("\n")[0]);
}

const descriptions: Readonly<Record<string, string>> = {
  InvalidSymbol: "invalid character or word",
  InvalidNumberFormat: "invalid number",
  PropertyNameExpected: "expected a key in double quotes (a comma before '}' is not allowed)",
  ValueExpected: "expected a value (a comma before ']' is not allowed)",
  ColonExpected: "expected ':' after the key",
  CommaExpected: "expected ',' between two entries",
  CloseBraceExpected: "expected '}'",
  CloseBracketExpected: "expected ']'",
  EndOfFileExpected: "expected nothing after the value",
  InvalidCommentToken: "comments are not allowed in JSON; use a .hcl file",
  UnexpectedEndOfString: "the string does not end on its line",
  InvalidCharacter: "invalid control character in a string",
  InvalidEscapeCharacter: "invalid escape in a string",
  InvalidUnicode: "invalid \\u escape in a string",
};

function describe(code: string): string {
  return descriptions[code] ?? code;
}
