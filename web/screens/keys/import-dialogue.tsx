import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Confirm } from "../../parts/dialogue.tsx";
import { Fault } from "../../parts/fault.tsx";
import { hindranceOf } from "../../parts/state-bar.tsx";

import { useWork, WorkView } from "./many-dialogues.tsx";
import { type ImportRow, importRows, importSteps, parseExport, type Read } from "./steps.ts";
import { readKeys } from "./transactions.ts";

/** Rows of the preview; the numbers are those of all. */
const rowsShown = 100;

/** Imports the keys of a file, after a preview of what will change. */
export function ImportDialogue({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const preview = useSignal<Read<readonly ImportRow[]> | undefined>(undefined);
  const isReading = useSignal(false);
  const work = useWork();
  const take = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    isReading.value = true;
    preview.value = await previewOf(file);
    isReading.value = false;
  };
  const rows = preview.value && "value" in preview.value ? preview.value.value : [];
  const steps = importSteps(rows);
  const run = async (): Promise<void> => {
    if (await work.run(steps, "written")) onClose();
  };
  const busy = work.done.value !== undefined || isReading.value ? "Working" : undefined;
  return (
    <Confirm
      title="Import keys"
      action={`Write ${steps.length} ${steps.length === 1 ? "key" : "keys"}`}
      hindrance={hindranceOf() ?? busy ?? (steps.length === 0 ? "" : undefined)}
      onClose={onClose}
      onConfirm={() => void run()}
    >
      <label class="field">
        File, as an export or <code>consul kv export</code> makes it
        <input
          type="file"
          accept=".json,application/json"
          onChange={({ currentTarget }) => void take(currentTarget.files?.[0])}
        />
      </label>
      {preview.value && "fault" in preview.value && <Fault>{preview.value.fault}</Fault>}
      {rows.length > 0 && <Preview rows={rows} />}
      <WorkView work={work} />
    </Confirm>
  );
}

async function previewOf(file: File): Promise<Read<readonly ImportRow[]>> {
  const read = parseExport(await file.text());
  if ("fault" in read) return read;
  const found = await readKeys(read.value.map(({ key }) => key));
  return "fault" in found ? found : { value: importRows(read.value, found.pairs) };
}

function Preview({ rows }: { readonly rows: readonly ImportRow[] }): JSX.Element {
  const count = (change: ImportRow["change"]): number => rows.filter((row) => row.change === change).length;
  const shown = rows.filter(({ change }) => change !== "same").slice(0, rowsShown);
  return (
    <>
      <p role="status">
        {count("new")} new, {count("changed")} changed, {count("same")} the same.
      </p>
      <ul class="import-rows" tabIndex={0} aria-label="What will change">
        {shown.map(({ key, change }) => (
          <li key={key}>
            <span class={change === "new" ? "passing" : "warning"}>{change}</span> {key}
          </li>
        ))}
      </ul>
      {rows.length - count("same") > shown.length && (
        <p class="hint">
          The first {shown.length} of {rows.length - count("same")}.
        </p>
      )}
    </>
  );
}
