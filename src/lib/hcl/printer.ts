import type { HclComment, HclItem, HclList, HclObject, HclPlace, HclValue } from "./syntax.ts";

const end: HclPlace = { line: Infinity, column: 0 };
const start: HclPlace = { line: 0, column: 0 };
/** Marks the lines of a heredoc, a string or a comment that must not be indented. HCL reserves the character. */
const unindented = "\uE123";

/**
 * Formats HCL 1 as HashiCorp's printer does: an indentation of two spaces, a blank line between blocks, comments kept, the values
 * and comments of fields on adjacent lines aligned. Items of unknown places, as from JSON, are never adjacent.
 */
export function printHcl(items: readonly HclItem[], comments: readonly (readonly HclComment[])[]): string {
  const printed = new Printer(items, comments).file(items);
  return printed.replaceAll(new RegExp(`^[ ]*${unindented}`, "gm"), "");
}

class Printer {
  /** The groups of comments that belong to no item. */
  readonly #standalone: readonly (readonly HclComment[])[];
  /** The place of the item that was printed last. */
  #before = start;

  constructor(items: readonly HclItem[], comments: readonly (readonly HclComment[])[]) {
    const owned = new Set<HclComment>();
    for (const item of items) collectOwned(item, owned);
    this.#standalone = comments.filter(([first]) => first !== undefined && !owned.has(first));
  }

  file(items: readonly HclItem[]): string {
    let text = "";
    for (const [at, item] of items.entries()) {
      for (const group of this.#commentsBefore(placeOf(item))) text += `${linesOf(group)}\n`;
      this.#before = placeOf(item);
      text += this.#item(item);
      const next = items[at + 1];
      if (next === undefined) continue;
      const isNextLine = placeOf(next).line === placeOf(item).line + 1;
      text += isNextLine && isEmptyBlock(item) && isEmptyBlock(next) ? "\n" : "\n\n";
    }
    for (const group of this.#commentsBefore(end)) text += `${this.#before.line > 0 ? "\n\n" : ""}${linesOf(group)}`;
    return text;
  }

  /** Returns the comments of each group that stand after the last printed item and before a place. */
  #commentsBefore(place: HclPlace): readonly (readonly HclComment[])[] {
    return this.#standalone
      .map((group) => group.filter((each) => isBefore(this.#before, each.place) && isBefore(each.place, place)))
      .filter((group) => group.length > 0);
  }

  #item(item: HclItem): string {
    const { keys, value, leadComments = [], lineComments = [] } = item;
    // A comment between a key and a value on the next line moves above the key.
    const isInline = value.place.line === placeOf(item).line;
    const above = isInline ? leadComments : [...leadComments, ...lineComments];
    const assign = item.isAssigned && keys.length === 1 ? "= " : "";
    const names = keys.map((key) => `${key.text} `).join("");
    return `${linesOf(above)}${names}${assign}${this.#value(value)}${isInline ? lineEnd(lineComments, 1) : ""}`;
  }

  #value(value: HclValue): string {
    if (value.kind === "object") return this.#object(value);
    if (value.kind === "list") return this.#list(value);
    return unindentRest(value.text);
  }

  #object(object: HclObject): string {
    const { items } = object;
    let text = "{";
    let at = 0;
    let isBroken = false;
    let hasComments = false;
    for (;;) {
      const next = items[at];
      const place = next === undefined ? object.end : placeOf(next);
      for (const group of this.#commentsBefore(place)) {
        if (!isBroken) text += "\n";
        isBroken = true;
        for (const { text: comment } of group) {
          if (at > 0) text += "\n";
          hasComments ||= at > 0;
          text += indent(unindentRest(comment));
        }
        text += "\n";
        if (next !== undefined && place.line !== (group.at(-1)?.place.line ?? 0) + 1) text += "\n";
      }
      if (next === undefined) break;
      if (!isBroken) text += "\n";
      isBroken = true;
      const aligned = this.#adjacent(items, at);
      at += aligned.length;
      if (!hasComments && at !== aligned.length) text += "\n";
      this.#before = placeOf(aligned.at(-1) ?? next);
      text += `${indent(aligned.length > 0 ? this.#aligned(aligned) : this.#item(next))}\n`;
      if (aligned.length === 0) at += 1;
    }
    this.#before = object.end;
    return `${text}}`;
  }

  /** Returns the fields from `from` on that stand on adjacent lines and take at most one line and a comment above. */
  #adjacent(items: readonly HclItem[], from: number): readonly HclItem[] {
    const found: HclItem[] = [];
    if (items.length === 1) return found;
    for (let at = from; at < items.length; at += 1) {
      const item = items[at];
      if (item === undefined || this.#item(item).split("\n").length > 2) break;
      const { line } = placeOf(item);
      const isFollowed = lineOf(items[at + 1]) === line + 1;
      if (!isFollowed && lineOf(items[at - 1]) !== line - 1) break;
      found.push(item);
      if (!isFollowed) break;
    }
    return found;
  }

  #aligned(items: readonly HclItem[]): string {
    const rows = items.map((item) => ({ item, value: this.#value(item.value) }));
    const keyWidth = Math.max(...items.map(({ keys }) => byteLength(keys[0]?.text ?? "")));
    const valueWidth = Math.max(...rows.map(({ value }) => byteLength(value)));
    const lines = rows.map(({ item, value }) => {
      const { keys, leadComments = [], lineComments = [] } = item;
      const names = keys.map(({ text }) => text + " ".repeat(Math.max(0, keyWidth - byteLength(text) + 1))).join("");
      const isInline = item.value.place.line === placeOf(item).line;
      const rest = isInline ? lineEnd(lineComments, valueWidth - byteLength(value) + 1) : "";
      return `${linesOf(leadComments)}${names}${keys.length === 1 ? "= " : ""}${value}${rest}`;
    });
    return lines.join("\n");
  }

  #list(list: HclList): string {
    if (isOneLine(list)) {
      const values = list.items.map((each) => `${this.#value(each)}${each.kind === "heredoc" ? "\n" : ""}`);
      return `[${values.join(", ")}]`;
    }
    const widths = list.items.map((each) => (isLiteral(each) ? byteLength(each.text) : 0));
    const width = Math.max(0, ...widths);
    let text = "[\n";
    let isAfterBlank = false;
    for (const [at, each] of list.items.entries()) {
      const { leadComments = [], lineComments = [] } = isLiteral(each) ? each : {};
      const hasLead = leadComments.length > 0;
      if (hasLead && !isAfterBlank && at > 0) text += "\n";
      for (const comment of leadComments) text += `${indent(comment.text)}\n`;
      const value = this.#value(each);
      text += `${indent(value)}${each.kind === "heredoc" ? `\n${indent(",")}` : ","}`;
      text += `${lineEnd(lineComments, Math.max(0, width - byteLength(value)) + 1)}\n`;
      isAfterBlank = hasLead && at < list.items.length - 1;
      if (isAfterBlank) text += "\n";
    }
    return `${text}]`;
  }
}

function collectOwned({ value, leadComments = [], lineComments = [] }: HclItem, owned: Set<HclComment>): void {
  for (const comment of [...leadComments, ...lineComments]) owned.add(comment);
  collectOwnedBy(value, owned);
}

function collectOwnedBy(value: HclValue, owned: Set<HclComment>): void {
  if (value.kind === "object") for (const item of value.items) collectOwned(item, owned);
  else if (value.kind === "list") for (const each of value.items) collectOwnedBy(each, owned);
  else for (const comment of [...(value.leadComments ?? []), ...(value.lineComments ?? [])]) owned.add(comment);
}

function placeOf(item: HclItem): HclPlace {
  return item.keys[0]?.place ?? start;
}

function lineOf(item: HclItem | undefined): number {
  return item === undefined ? 0 : placeOf(item).line;
}

function isBefore(a: HclPlace, b: HclPlace): boolean {
  return a.line < b.line || (a.line === b.line && a.column < b.column);
}

function isEmptyBlock({ isAssigned, value, leadComments }: HclItem): boolean {
  return leadComments === undefined && !isAssigned && value.kind === "object" && value.items.length === 0;
}

function isLiteral(value: HclValue): value is Exclude<HclValue, HclList | HclObject> {
  return value.kind !== "list" && value.kind !== "object";
}

function isOneLine({ items, place }: HclList): boolean {
  return items.every(
    (each) =>
      each.place.line === place.line &&
      isLiteral(each) &&
      (each.kind !== "heredoc" || items.length === 1) &&
      each.lineComments === undefined,
  );
}

function linesOf(comments: readonly HclComment[]): string {
  return comments.map(({ text }) => `${text}\n`).join("");
}

function lineEnd(comments: readonly HclComment[], blanks: number): string {
  return comments.length === 0 ? "" : " ".repeat(blanks) + comments.map(({ text }) => text).join("");
}

function indent(text: string): string {
  return text.replaceAll(/^(?=[^\n])/gm, "  ");
}

function unindentRest(text: string): string {
  return text.replaceAll(/\n(?=[^\n])/g, `\n${unindented}`);
}

/** HashiCorp's printer counts bytes, not characters. */
function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
