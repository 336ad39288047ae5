import type { Key } from "./keys.ts";
import type { Model } from "./model.ts";
import { bodyLines, bodyRows, type Choice, type Size } from "./body.ts";

/** The state of the user interface of praetor top. */
export interface View extends Choice {
  /** Whether the user types the filter, so that pressed keys are added to it. */
  readonly isTyping: boolean;
  /** Whether the help is shown instead of the list. */
  readonly isHelpShown: boolean;
  /** The selected line of the list, and its key, since lines move when the catalog changes. */
  readonly cursor: { readonly line: number; readonly key: string };
  /** The number of list lines above the first visible line. */
  readonly offset: number;
}

/** The data and the screen that a view depends on. */
interface Shown {
  readonly model: Model;
  readonly size: Size;
}

export const firstView: View = {
  sorting: "status",
  filter: "",
  isTyping: false,
  isHelpShown: false,
  open: new Set(),
  cursor: { line: 0, key: "" },
  offset: 0,
};

/** Returns the view after a pressed key; undefined if the key ends praetor top. */
export function viewAfter(key: Key, view: View, shown: Shown): View | undefined {
  if (key.name === "interrupt") return undefined;
  if (view.isHelpShown) return { ...view, isHelpShown: false };
  if (
    view.isTyping &&
    (key.name === "text" || key.name === "backspace" || key.name === "enter" || key.name === "escape")
  )
    return settled(typed(key, view), shown);
  const page = bodyRows(shown.size) - 1;
  switch (key.name) {
    case "up":
      return moved(-1, view, shown);
    case "down":
      return moved(1, view, shown);
    case "page-up":
      return moved(-page, view, shown);
    case "page-down":
      return moved(page, view, shown);
    case "home":
      return moved(-Infinity, view, shown);
    case "end":
      return moved(Infinity, view, shown);
    case "enter":
      return toggled(view, shown);
    case "escape":
      return settled({ ...view, filter: "" }, shown);
    case "backspace":
      return view;
    case "text":
      return afterText(key.text, view, shown);
  }
}

function afterText(text: string, view: View, shown: Shown): View | undefined {
  switch (text) {
    case "q":
      return undefined;
    case "?":
      return { ...view, isHelpShown: true };
    case "/":
      return { ...view, isTyping: true };
    case "s":
      return settled({ ...view, sorting: view.sorting === "name" ? "status" : "name" }, shown);
    case " ":
      return toggled(view, shown);
    case "k":
      return moved(-1, view, shown);
    case "j":
      return moved(1, view, shown);
    default:
      return view;
  }
}

/** Returns the view after a key that edits the filter: enter keeps the filter, escape clears it. */
function typed(key: Key, view: View): View {
  if (key.name === "text") return { ...view, filter: view.filter + key.text };
  if (key.name === "backspace") return { ...view, filter: Array.from(view.filter).slice(0, -1).join("") };
  return { ...view, isTyping: false, filter: key.name === "escape" ? "" : view.filter };
}

function toggled(view: View, shown: Shown): View {
  const line = bodyLines(shown.model, view, shown.size)[view.cursor.line];
  if (line === undefined) return view;
  const open = new Set(view.open);
  if (!open.delete(line.service)) open.add(line.service);
  return settled({ ...view, open }, shown);
}

function moved(by: number, view: View, shown: Shown): View {
  const lines = bodyLines(shown.model, view, shown.size);
  const line = clamped(view.cursor.line + by, lines.length - 1);
  return settled({ ...view, cursor: { line, key: lines[line]?.key ?? "" } }, shown);
}

/**
 * Returns the view with the cursor on the line that has the cursor's key, else on the line of its service, else at its old
 * position if the list is long enough; scrolls the list so that the cursor is visible.
 */
export function settled(view: View, { model, size }: Shown): View {
  const lines = bodyLines(model, view, size);
  const service = view.cursor.key.split("\0")[0] ?? "";
  const same = lines.findIndex(({ key }) => key === view.cursor.key);
  const near = same < 0 ? lines.findIndex(({ key }) => key === service) : same;
  const line = near < 0 ? clamped(view.cursor.line, lines.length - 1) : near;
  const rows = bodyRows(size);
  const lowest = Math.max(lines.length - rows, 0);
  const offset = clamped(Math.min(Math.max(view.offset, line - rows + 1), line), lowest);
  return { ...view, cursor: { line, key: lines[line]?.key ?? "" }, offset };
}

function clamped(value: number, max: number): number {
  return Math.max(Math.min(value, max), 0);
}
