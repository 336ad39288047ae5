import { type ReadonlySignal, type Signal, signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useReading } from "../../live/reading.ts";
import { isAbsence } from "../../live/request.ts";
import { trialsTopic } from "../../parts/pending-trials.tsx";
import { go } from "../../shell/router.ts";
import { apiPathOf, encodeName, foldersAbove, keyPathOf, lastPartOf } from "./names.ts";
import { rowIdOf, shownFolders, type TreeRow, treeRows, treeStep, type TypedWord, wordAfter } from "./tree-rows.ts";

interface KeyTreeProps {
  readonly open: Signal<ReadonlySet<string>>;
  /** The key or folder that is shown beside the tree. */
  readonly current: Pick<TreeRow, "name" | "kind">;
}

const rowHeight = 32;
const spare = 10;

/** Folder to its listing, as far as it was read; kept so that a folder that opens again shows its rows at once. */
const listings: Signal<ReadonlyMap<string, readonly string[]>> = signal(new Map());

/** The tree of keys: only open folders are read, and only the rows near the window are in the document. */
export function KeyTree({ open, current }: KeyTreeProps): JSX.Element {
  const folders = shownFolders(open.value);
  const rows = treeRows(listings.value, open.value);
  const active = useSignal(rowIdOf(current));
  useEffect(() => void (active.value = rowIdOf(current)), [current.name, current.kind]);
  return (
    <div class="key-tree">
      {folders.map((folder) => (
        <FolderReader key={folder} folder={folder} isShared={folders.length > ownTopicsMax} />
      ))}
      <Rows {...{ rows, open, active, current }} />
    </div>
  );
}

/** The agent takes 64 topics in a request. With more open folders than this, one topic stands for all. */
const ownTopicsMax = 40;

/** Reads the listing of an open folder, and keeps it current. */
function FolderReader({ folder, isShared }: { readonly folder: string; readonly isShared: boolean }): null {
  const reading = useFolder(folder, isShared ? "" : folder);
  useEffect(() => {
    if (reading.names) listings.value = new Map([...listings.peek(), [folder, reading.names]]);
  }, [reading.names]);
  return null;
}

/** Returns the listing of a folder; an empty one if there is no key in it. */
export function useFolder(folder: string, topic: string = folder): FolderReading {
  const reading = useReading<readonly string[]>({
    path: `${apiPathOf(folder)}?keys&separator=/`,
    topics: [`kv:${topic}`, trialsTopic],
  });
  // Consul: a folder without keys is answered with 404.
  const isEmpty = isAbsence(reading.failure);
  return {
    names: isEmpty ? none : reading.value,
    reading: isEmpty ? { ...reading, asOfMs: Date.now(), failure: undefined } : reading,
  };
}

interface FolderReading {
  readonly names: readonly string[] | undefined;
  readonly reading: ReturnType<typeof useReading<readonly string[]>>;
}

const none: readonly string[] = [];

interface RowsProps extends KeyTreeProps {
  readonly rows: readonly TreeRow[];
  /** The row that Tab comes to. */
  readonly active: Signal<string>;
}

function Rows({ rows, open, active, current }: RowsProps): JSX.Element {
  const ref = useRef<HTMLDivElement>(null);
  const span = useSpan(ref);
  const typed = useRef<TypedWord>({ text: "", atMs: 0 });
  const found = rows.findIndex((row) => rowIdOf(row) === active.value);
  const at = Math.max(0, found);
  const focusRow = (next: number): void => {
    const row = rows[next];
    if (!row || !ref.current) return;
    active.value = rowIdOf(row);
    scrollToRow(ref.current, next);
    // The row may come into the document only with the next rendering.
    setTimeout(() => ref.current?.querySelector<HTMLElement>(`[data-at="${next}"]`)?.focus({ preventScroll: true }));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    typed.current = wordAfter(typed.current, event.key, Date.now());
    const step = treeStep(rows, { at, key: event.key, typed: typed.current.text });
    // Letters belong to the tree while the focus is in it, also those that are shortcuts elsewhere.
    if (!step && event.key.length > 1) return;
    event.preventDefault();
    if (step?.kind === "focus") focusRow(step.at);
    else if (step?.kind === "show") show(rows[step.at]);
    else if (step) setOpen(open, step.folders, step.kind === "open");
  };
  const shown = [...new Set([...span.value.filter((each) => each < rows.length), ...(rows.length > at ? [at] : [])])];
  return (
    <div class="tree-scroll" {...{ ref, onKeyDown }} role="tree" aria-label="Keys">
      <div role="presentation" style={{ height: `${rows.length * rowHeight}px` }}>
        {shown
          .toSorted((a, b) => a - b)
          .flatMap((place) => {
            const row = rows[place];
            if (!row) return [];
            return (
              <Row
                key={rowIdOf(row)}
                {...{ row, place, open }}
                isActive={place === at}
                isCurrent={rowIdOf(row) === rowIdOf(current)}
                onActive={() => (active.value = rowIdOf(row))}
              />
            );
          })}
      </div>
    </div>
  );
}

interface RowProps {
  readonly row: TreeRow;
  readonly place: number;
  readonly open: Signal<ReadonlySet<string>>;
  readonly isActive: boolean;
  readonly isCurrent: boolean;
  readonly onActive: () => void;
}

function Row({ row, place, open, isActive, isCurrent, onActive }: RowProps): JSX.Element {
  const { name, kind, level, isOpen } = row;
  return (
    <div
      class="tree-row"
      role="treeitem"
      data-at={place}
      tabIndex={isActive ? 0 : -1}
      aria-level={level}
      aria-setsize={row.siblings}
      aria-posinset={row.place}
      aria-selected={isCurrent}
      {...(kind === "folder" && { "aria-expanded": isOpen })}
      style={{ transform: `translateY(${place * rowHeight}px)`, paddingInlineStart: `${(level - 1) * 1.1}rem` }}
      onFocus={onActive}
      onClick={() => {
        show(row);
        if (kind === "folder") setOpen(open, [name], !isOpen || !isCurrent);
      }}
    >
      <span aria-hidden="true" class="twig">
        {kind === "folder" ? (isOpen ? "▾" : "▸") : ""}
      </span>
      <span>{nameText(row)}</span>
    </div>
  );
}

/** Returns the text of a row: the last part of its name; a folder's own value has the folder's name. */
export function nameText({ name, kind }: Pick<TreeRow, "name" | "kind">): string {
  const part = lastPartOf(name);
  if (part === "/") return '"" /';
  return kind === "key" && name.endsWith("/") ? `${part} (value)` : part;
}

function show(row: TreeRow | undefined): void {
  if (row) go(row.kind === "key" ? keyPathOf(row.name) : `/keys/${encodeName(row.name)}`);
}

function setOpen(open: Signal<ReadonlySet<string>>, folders: readonly string[], isOpen: boolean): void {
  const next = new Set([...open.peek(), ...(isOpen ? folders.flatMap((each) => [...foldersAbove(each), each]) : [])]);
  if (!isOpen) for (const folder of folders) next.delete(folder);
  open.value = next;
}

function scrollToRow(element: HTMLElement, at: number): void {
  const top = at * rowHeight;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (top + rowHeight > element.scrollTop + element.clientHeight)
    element.scrollTop = top + rowHeight - element.clientHeight;
}

/** Returns the numbers of the rows that are in the window of a scrolling element, and some around it. */
function useSpan(ref: { readonly current: HTMLElement | null }): ReadonlySignal<readonly number[]> {
  const span = useSignal<readonly number[]>(Array.from({ length: 40 }, (_, at) => at));
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const measure = (): void => {
      const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - spare);
      const count = Math.ceil(element.clientHeight / rowHeight) + 2 * spare;
      if (span.peek()[0] !== first || span.peek().length !== count)
        span.value = Array.from({ length: count }, (_, at) => first + at);
    };
    measure();
    element.addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      element.removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, []);
  return span;
}
