import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { isReadOnly } from "../../live/place.ts";
import { Empty } from "../../parts/empty.tsx";
import { Fault } from "../../parts/fault.tsx";
import { useNarrow } from "../../parts/use-narrow.ts";
import { WindowedList } from "../../parts/windowed-list.tsx";
import { Frame } from "../../shell/frame.tsx";
import { useKeys } from "../../shell/keys.ts";
import { RowActions } from "./key-actions.tsx";
import { Crumbs, folderHref, keyHref } from "./crumbs.tsx";
import { Details } from "./details.ts";
import { ImportDialogue } from "./import-dialogue.tsx";
import { DeleteDialogue, download, NewKeyDialogue } from "./many-dialogues.tsx";
import { looksSecret } from "./names.ts";
import { nameText, useFolder } from "./tree.tsx";
import { kindIn } from "./tree-rows.ts";
import { byteLengthOf, type Pair, previewOf, sizeText } from "./value.ts";

const putCommand = `curl -X PUT ${location.origin}/v1/kv/edgex/limit -d 14`;

/** The keys and folders in a folder, with the values of those keys that are in the window. */
export function FolderScreen({ folder }: { readonly folder: string }): JSX.Element {
  const { names, reading } = useFolder(folder);
  const details = useMemo(() => new Details(), [folder]);
  const selected = useSignal<ReadonlySet<string>>(new Set());
  const isNarrow = useNarrow();
  useSelectionKeys(names ?? [], selected);
  const count = names?.length ?? 0;
  return (
    <Frame title={folder === "" ? "Keys" : folder} readings={[reading]}>
      {folder !== "" && <Crumbs name={folder} />}
      {count === 0 && names && (
        <Empty text="Keys that are written below this folder will be here." command={putCommand} />
      )}
      <FolderActions {...{ folder, selected, isEmpty: count === 0 }} names={names ?? []} />
      <p class="hint" role="status">
        {count} {count === 1 ? "row" : "rows"}
        {selected.value.size > 0 && `, ${selected.value.size} selected`}
      </p>
      <WindowedList
        {...{ label: "Keys and folders", items: names ?? [], rowHeight: isNarrow ? 76 : 44 }}
        keyOf={(name) => name}
        row={(name) => <Row {...{ name, folder, details, selected }} index={reading.index} />}
      />
    </Frame>
  );
}

interface ActionsProps {
  readonly folder: string;
  readonly names: readonly string[];
  readonly selected: Signal<ReadonlySet<string>>;
  readonly isEmpty: boolean;
}

/** The actions on the folder, or on the selected rows. */
function FolderActions({ folder, names, selected, isEmpty }: ActionsProps): JSX.Element {
  const open = useSignal<"none" | "new" | "import" | "delete">("none");
  const fault = useSignal<string | undefined>(undefined);
  const close = (): void => void (open.value = "none");
  // Rows that are gone are selected no more.
  const chosen = names.filter((name) => selected.value.has(name)).map((name) => ({ name, kind: kindIn(folder, name) }));
  return (
    <div class="tools">
      {!isReadOnly && (
        <>
          <button type="button" onClick={() => (open.value = "new")}>
            New key
          </button>
          <button type="button" onClick={() => (open.value = "import")}>
            Import
          </button>
        </>
      )}
      {chosen.length > 0 && (
        <button type="button" onClick={() => void download(chosen).then((text) => (fault.value = text))}>
          Export selected
        </button>
      )}
      {chosen.length > 0 && !isReadOnly && (
        <button type="button" class="danger" onClick={() => (open.value = "delete")}>
          Delete selected
        </button>
      )}
      {chosen.length === 0 && !isEmpty && folder !== "" && (
        <RowActions row={{ name: folder, kind: "folder" }} onGone={() => {}} />
      )}
      {chosen.length === 0 && !isEmpty && folder === "" && (
        <button
          type="button"
          onClick={() => void download([{ name: "", kind: "folder" }]).then((text) => (fault.value = text))}
        >
          Export all
        </button>
      )}
      <Fault isInline>{fault.value}</Fault>
      {open.value === "new" && <NewKeyDialogue folder={folder} onClose={close} />}
      {open.value === "import" && <ImportDialogue onClose={close} />}
      {open.value === "delete" && (
        <DeleteDialogue
          {...{ chosen, onClose: close }}
          onDone={() => {
            selected.value = new Set();
            close();
          }}
        />
      )}
    </div>
  );
}

/** Adds the keys that select rows: `x` the row that has the focus, Shift+x all from the last one to it. */
function useSelectionKeys(names: readonly string[], selected: Signal<ReadonlySet<string>>): void {
  const state = useMemo(() => ({ names, from: 0 }), []);
  state.names = names;
  const focused = (): number =>
    Number(document.activeElement?.closest<HTMLElement>("[data-row]")?.dataset["row"] ?? Number.NaN);
  const select = (isRange: boolean): void => {
    const at = focused();
    const name = state.names[at];
    if (name === undefined) return;
    if (isRange) {
      const [first, last] = [Math.min(at, state.from), Math.max(at, state.from)];
      selected.value = new Set([...selected.peek(), ...state.names.slice(first, last + 1)]);
    } else toggle(selected, name);
    state.from = at;
  };
  useKeys([
    { keys: "x", does: "select the row", run: () => select(false) },
    { keys: "X", does: "select all rows from the last one to this one", run: () => select(true) },
  ]);
}

function toggle(selected: Signal<ReadonlySet<string>>, name: string): void {
  const next = new Set(selected.peek());
  if (!next.delete(name)) next.add(name);
  selected.value = next;
}

interface RowProps {
  readonly name: string;
  readonly folder: string;
  readonly details: Details;
  readonly selected: Signal<ReadonlySet<string>>;
  /** The index of the listing: with a new one the values are read again. */
  readonly index: number;
}

function Row({ name, folder, details, selected, index }: RowProps): JSX.Element {
  const kind = kindIn(folder, name);
  useEffect(() => {
    if (kind === "key") details.want(name);
  }, [name, kind, index]);
  const pair = details.pairs.value.get(name);
  return (
    <div class="key-row">
      <input
        type="checkbox"
        aria-label={`Select ${nameText({ name, kind })}`}
        checked={selected.value.has(name)}
        onChange={() => toggle(selected, name)}
      />
      <a href={kind === "key" ? keyHref(name) : folderHref(name)}>{nameText({ name, kind })}</a>
      {pair ? <Facts pair={pair} /> : <span />}
    </div>
  );
}

function Facts({ pair }: { readonly pair: Pair }): JSX.Element {
  return (
    <>
      <span class="preview">{looksSecret(pair.Key) ? "••••••" : previewOf(pair)}</span>
      <span class="number">{sizeText(byteLengthOf(pair))}</span>
      <span class="hint facts">
        {pair.Flags !== 0 && `flags ${pair.Flags} · `}
        {pair.Session !== undefined && "locked · "}
        index {pair.ModifyIndex}
      </span>
    </>
  );
}
