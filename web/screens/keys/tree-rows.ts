import { foldersAbove } from "./names.ts";

/* The rows of the tree of keys, from the folders that have been read. Pure, so that a test can try it. */

export interface TreeRow {
  /** The key's or the folder's name; that of a folder ends in a slash. */
  readonly name: string;
  readonly kind: "folder" | "key";
  /** 1 at the root. */
  readonly level: number;
  /** Its place among its siblings, from 1, and their number. */
  readonly place: number;
  readonly siblings: number;
  /** Whether a folder is open; a key never is. */
  readonly isOpen: boolean;
}

/** Folder to the keys and folders in it, as `v1/kv/FOLDER?keys&separator=/` lists them. */
export type Listings = ReadonlyMap<string, readonly string[]>;

/** A row's identity: a key that ends in a slash has the name of its folder. */
export function rowIdOf({ kind, name }: Pick<TreeRow, "kind" | "name">): string {
  return `${kind}:${name}`;
}

/** Returns the kind of a name in the listing of a folder: the folder's own name there is a key that ends in a slash. */
export function kindIn(folder: string, name: string): "folder" | "key" {
  return name.endsWith("/") && name !== folder ? "folder" : "key";
}

/** Returns the rows of the tree in order. A folder that is open but has not been read has no rows yet. */
export function treeRows(listings: Listings, open: ReadonlySet<string>): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  const add = (folder: string, level: number): void => {
    const names = listings.get(folder) ?? [];
    for (const [at, name] of names.entries()) {
      const kind = kindIn(folder, name);
      const isOpen = kind === "folder" && open.has(name);
      rows.push({ name, kind, level, isOpen, place: at + 1, siblings: names.length });
      if (isOpen) add(name, level + 1);
    }
  };
  add("", 1);
  return rows;
}

/** Returns the open folders that have all their parents open: those whose listing is shown. */
export function shownFolders(open: ReadonlySet<string>): readonly string[] {
  return ["", ...[...open].filter((folder) => foldersAbove(folder).every((above) => open.has(above)))];
}

/** A step of the ARIA tree pattern: the row that gets the focus, the folder that opens or closes, or the row that is opened. */
export type TreeStep =
  | { readonly kind: "focus"; readonly at: number }
  | { readonly kind: "open" | "close"; readonly folders: readonly string[] }
  | { readonly kind: "show"; readonly at: number }
  | undefined;

/**
 * Returns what a key of the keyboard does in the tree (ARIA Authoring Practices, tree view).
 * @param at the number of the row that has the focus
 * @param typed the letters typed in the last moments, this one included, for type-ahead
 */
export function treeStep(rows: readonly TreeRow[], { at, key, typed }: Pressed): TreeStep {
  const row = rows[at];
  if (!row) return undefined;
  switch (key) {
    case "ArrowDown":
      return focus(Math.min(rows.length - 1, at + 1));
    case "ArrowUp":
      return focus(Math.max(0, at - 1));
    case "Home":
      return focus(0);
    case "End":
      return focus(rows.length - 1);
    case "ArrowRight":
      if (row.kind === "key") return undefined;
      if (!row.isOpen) return { kind: "open", folders: [row.name] };
      return (rows[at + 1]?.level ?? 0) > row.level ? focus(at + 1) : undefined;
    case "ArrowLeft":
      if (row.isOpen) return { kind: "close", folders: [row.name] };
      return parentRow(rows, at);
    case "Enter":
    case " ":
      return { kind: "show", at };
    case "*":
      return { kind: "open", folders: siblingFolders(rows, at) };
    default:
      return typeAhead(rows, { at, typed });
  }
}

interface Pressed {
  readonly at: number;
  /** As `KeyboardEvent.key` has it. */
  readonly key: string;
  readonly typed: string;
}

function focus(at: number): TreeStep {
  return { kind: "focus", at };
}

function parentRow(rows: readonly TreeRow[], at: number): TreeStep {
  const level = rows[at]?.level ?? 1;
  const above = rows.slice(0, at).findLastIndex((row) => row.level < level);
  return above < 0 ? undefined : focus(above);
}

function siblingFolders(rows: readonly TreeRow[], at: number): readonly string[] {
  const level = rows[at]?.level ?? 1;
  const from = rows.slice(0, at).findLastIndex((row) => row.level < level) + 1;
  const length = rows.slice(from).findIndex((row) => row.level < level);
  return rows
    .slice(from, length < 0 ? undefined : from + length)
    .filter((row) => row.level === level && row.kind === "folder")
    .map(({ name }) => name);
}

function typeAhead(rows: readonly TreeRow[], { at, typed }: Pick<Pressed, "at" | "typed">): TreeStep {
  if (typed === "") return undefined;
  // One letter goes on to the next row; more letters may also name the row itself.
  const first = typed.length === 1 ? at + 1 : at;
  for (let step = 0; step < rows.length; step++) {
    const place = (first + step) % rows.length;
    const { name, level } = rows[place] ?? { name: "", level: 1 };
    const part = name.split("/")[level - 1] ?? "";
    if (part.toLowerCase().startsWith(typed.toLowerCase())) return focus(place);
  }
  return undefined;
}

/** The word of type-ahead: the letters that a user has typed in the last moments. */
export interface TypedWord {
  readonly text: string;
  /** When the last letter was typed. */
  readonly atMs: number;
}

/** Letters typed within this time of each other are one word. */
const typingMs = 700;

/** Returns the word after a pressed key. A key that is a command of the tree, such as "*", ends the word. */
export function wordAfter(word: TypedWord, key: string, nowMs: number): TypedWord {
  if (key.length > 1 || key === "*" || key === " ") return { text: "", atMs: nowMs };
  const before = nowMs - word.atMs < typingMs ? word.text : "";
  // The same letter again goes through the rows that begin with it.
  return { text: before === key ? key : before + key, atMs: nowMs };
}
