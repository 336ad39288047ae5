import { type Signal, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { PendingTrials } from "../../parts/pending-trials.tsx";
import { useNarrow } from "../../parts/use-narrow.ts";
import { route } from "../../shell/router.ts";
import type { ScreenProps } from "../../shell/screen.ts";
import { KeyScreen } from "./key-screen.tsx";
import { FolderScreen } from "./folder-screen.tsx";
import { foldersAbove } from "./names.ts";
import { KeyTree } from "./tree.tsx";

/** The folders that are open in the tree, kept while the page is. */
const openFolders: Signal<ReadonlySet<string>> = signal(new Set());

/** The tree of keys, and beside it the folder or the key of the address. On a phone the folders take the tree's place. */
export function Keys({ params }: ScreenProps): JSX.Element {
  const name = params["name"] ?? route.value.query.get("name") ?? "";
  const isKey = name !== "" && (!name.endsWith("/") || route.value.query.get("is") === "key");
  useEffect(() => {
    const shown = isKey ? foldersAbove(name) : [...foldersAbove(name), ...(name === "" ? [] : [name])];
    openFolders.value = new Set([...openFolders.peek(), ...shown]);
  }, [name, isKey]);
  const shown = isKey ? <KeyScreen key={name} name={name} /> : <FolderScreen key={`${name}/`} folder={name} />;
  const isNarrow = useNarrow();
  // The second pane is the same element at each width, so that an edit in it lives when a phone is turned.
  return (
    <>
      <PendingTrials />
      <div class={isNarrow ? "" : "keys-panes"}>
        {!isNarrow && <KeyTree key="tree" open={openFolders} current={{ name, kind: isKey ? "key" : "folder" }} />}
        <div key="shown">{shown}</div>
      </div>
    </>
  );
}
