import { diffArrays } from "diff";

/* Differences of texts by lines, and the merge of two that begin with the same text. */

/** A line of a difference, or a run of unchanged lines that is folded. */
export type DiffRow =
  | { readonly kind: "same" | "added" | "removed"; readonly text: string }
  | { readonly kind: "folded"; readonly lines: readonly string[] };

/** Unchanged lines that stay beside a changed one. */
const context = 3;

/** Returns the rows that lead from one text to the other, with long unchanged runs folded. */
export function diffRows(from: string, to: string): readonly DiffRow[] {
  const changes = diffArrays(linesOf(from), linesOf(to));
  return changes.flatMap(({ value, added, removed }, at): readonly DiffRow[] => {
    if (added || removed) return value.map((text) => ({ kind: added ? "added" : "removed", text }));
    const head = at === 0 ? 0 : context;
    const tail = at === changes.length - 1 ? 0 : context;
    const same = value.map((text) => ({ kind: "same" as const, text }));
    // A folded run takes a line itself.
    if (value.length <= head + tail + 1) return same;
    const lines = value.slice(head, value.length - tail);
    return [...same.slice(0, head), { kind: "folded", lines }, ...same.slice(value.length - tail)];
  });
}

function linesOf(text: string): string[] {
  return text.split("\n");
}

export interface Merged {
  readonly text: string;
  /** Number of places that both have changed in different ways; each stands between marks in the text. */
  readonly clashes: number;
}

const marks = { mine: "<<<<<<< yours", middle: "=======", theirs: ">>>>>>> theirs" } as const;

/** Returns whether a text has a mark of a merge that was not settled. */
export function hasMarks(text: string): boolean {
  return linesOf(text).some((line) => line === marks.mine || line === marks.theirs);
}

/** Merges two texts that come from one: a place that one has changed gets that change, and one that both have changed gets marks. */
export function merge(base: string, mine: string, theirs: string): Merged {
  const lines = linesOf(base);
  const [ours, others] = [changesOf(lines, linesOf(mine)), changesOf(lines, linesOf(theirs))];
  const out: string[] = [];
  let [at, clashes] = [0, 0];
  while (ours.length > 0 || others.length > 0) {
    const start = Math.min(ours[0]?.from ?? Infinity, others[0]?.from ?? Infinity);
    out.push(...lines.slice(at, start));
    const [left, right, end] = takeTogether(ours, others, start);
    const [a, b] = [applied(lines, left, { from: start, to: end }), applied(lines, right, { from: start, to: end })];
    if (right.length === 0 || isEqual(a, b)) out.push(...a);
    else if (left.length === 0) out.push(...b);
    else {
      clashes += 1;
      out.push(marks.mine, ...a, marks.middle, ...b, marks.theirs);
    }
    at = end;
  }
  out.push(...lines.slice(at));
  return { text: out.join("\n"), clashes };
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, at) => line === b[at]);
}

/** Lines of the base that are replaced by others. Without lines it is an insertion before `from`. */
interface Change {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

function changesOf(base: string[], text: string[]): Change[] {
  const changes: { from: number; to: number; lines: string[] }[] = [];
  let at = 0;
  let current: { from: number; to: number; lines: string[] } | undefined;
  for (const { value, added, removed } of diffArrays(base, text)) {
    if (!added && !removed) {
      at += value.length;
      current = undefined;
      continue;
    }
    if (!current) changes.push((current = { from: at, to: at, lines: [] }));
    if (added) current.lines.push(...value);
    else at = current.to = at + value.length;
  }
  return changes;
}

/** Takes the changes that begin at a line, and all that overlap or touch them. Returns those of both, and where the last ends. */
function takeTogether(ours: Change[], others: Change[], start: number): [Change[], Change[], number] {
  const taken: [Change[], Change[]] = [[], []];
  let end = start;
  for (let isMore = true; isMore;) {
    isMore = false;
    for (const [at, list] of [ours, others].entries()) {
      const [first] = list;
      if (!first || first.from > end) continue;
      list.shift();
      taken[at]?.push(first);
      end = Math.max(end, first.to);
      isMore = true;
    }
  }
  return [taken[0], taken[1], end];
}

/** Returns lines of the base after some changes. */
function applied(base: readonly string[], changes: readonly Change[], { from, to }: Omit<Change, "lines">): string[] {
  const out: string[] = [];
  let at = from;
  for (const change of changes) {
    out.push(...base.slice(at, change.from), ...change.lines);
    at = change.to;
  }
  return [...out, ...base.slice(at, to)];
}
