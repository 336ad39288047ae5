import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { nowMs } from "../../live/feed.ts";
import { Confirm, Dialogue } from "../../parts/dialogue.tsx";
import { Fault } from "../../parts/fault.tsx";
import { hindranceOf } from "../../parts/state-bar.tsx";
import { Time } from "../../parts/time.tsx";
import { guardLeaving } from "../../shell/router.ts";
import { Conflict } from "./conflict.tsx";
import { DiffView } from "./diff-view.tsx";
import type { Base } from "./drafts.ts";
import { KeyEdit } from "./key-edit.ts";
import { looksSecret, writeOf } from "./names.ts";
import { TextEditor, useFaults } from "./text-editor.tsx";
import { formatOf, type Pair } from "./value.ts";

interface KeyEditorProps {
  readonly name: string;
  /** The value with which the edit begins, unless there is a draft. */
  readonly base: Base;
  /** The key as it is now; undefined if it does not exist. */
  readonly pair: Pair | undefined;
  readonly onClose: () => void;
}

/** Edits the value of a key. The text under the cursor never changes by itself. */
export function KeyEditor({ name, base, pair, onClose }: KeyEditorProps): JSX.Element {
  const edit = useMemo(() => new KeyEdit(name, base), [name]);
  const isReviewing = useSignal(false);
  const leaving = useLeaveGuard(edit);
  const hindrance = hindranceOf(writeOf(name));
  const save = async (): Promise<void> => {
    if (hindranceOf(writeOf(name)) === undefined) await edit.save();
    isReviewing.value = false;
  };
  const close = (): void => {
    if (edit.isChanged.peek()) leaving.value = onClose;
    else onClose();
  };
  const leave = leaving.value && <Leave edit={edit} leaving={leaving} />;
  if (edit.conflict.value) {
    return (
      <>
        <Conflict edit={edit} theirs={edit.conflict.value} />
        {leave}
      </>
    );
  }
  return (
    <div
      class="key-editor"
      onKeyDown={(event) => {
        if ((event.ctrlKey || event.metaKey) && event.key === "s") {
          event.preventDefault();
          void save();
        }
        // The code editor is in a shadow root, outside of which its keys would look like shortcuts of the page.
        event.stopPropagation();
      }}
    >
      <ChangedBar edit={edit} pair={pair} />
      <Notes edit={edit} />
      <Text edit={edit} />
      <Fault>{edit.fault.value}</Fault>
      {hindrance !== undefined && <p class="fault">{hindrance} Your text stays here.</p>}
      <DraftSwitch edit={edit} />
      <p class="buttons">
        <span role="status" class="hint">
          {savedText(edit.savedIndex.value)}
        </span>
        <button type="button" onClick={close}>
          Close
        </button>
        <button
          type="button"
          disabled={!edit.isChanged.value && edit.base.value.index !== 0}
          onClick={() => (isReviewing.value = true)}
        >
          Save
        </button>
      </p>
      {isReviewing.value && (
        <Review edit={edit} onSave={() => void save()} onClose={() => (isReviewing.value = false)} />
      )}
      {leave}
    </div>
  );
}

/** The draft with which the edit began, and line ends that will change. */
function Notes({ edit }: { readonly edit: KeyEdit }): JSX.Element {
  return (
    <>
      {edit.restoredMs !== undefined && edit.isChanged.value && (
        <p class="bar">
          Your draft from <Time atMs={edit.restoredMs} nowMs={nowMs.value} />.{" "}
          <button type="button" onClick={() => edit.discard()}>
            Discard the draft
          </button>
        </p>
      )}
      {edit.base.value.ends === "mixed" && (
        <p class="hint">The lines of the value end in different ways; saved lines end with LF.</p>
      )}
    </>
  );
}

interface ReviewProps {
  readonly edit: KeyEdit;
  readonly onSave: () => void;
  readonly onClose: () => void;
}

/** The changes, before they are saved. */
function Review({ edit, onSave, onClose }: ReviewProps): JSX.Element {
  const { name } = edit;
  const hindrance = hindranceOf(writeOf(name)) ?? (edit.isSaving.value ? "Saving" : undefined);
  return (
    <Confirm {...{ title: `Save ${name}?`, action: `Save ${name}`, hindrance, onClose }} onConfirm={onSave}>
      <DiffView from={edit.base.value.text} to={edit.text.value} label="Changes" />
    </Confirm>
  );
}

function savedText(index: number | undefined): string {
  if (index === undefined) return "";
  return index === 0 ? "Saved, and changed by another since." : `Saved at index ${index}.`;
}

/** The field, its faults, and the button that lays the text out. */
function Text({ edit }: { readonly edit: KeyEdit }): JSX.Element {
  const format = useMemo(() => formatOf(edit.name, edit.base.peek().text || edit.text.peek()), [edit.turn.value]);
  const text = edit.text.value;
  const faults = useFaults(format, text);
  return (
    <>
      <TextEditor
        key={edit.turn.value}
        {...{ label: `Value of ${edit.name}`, text: edit.text.peek(), format }}
        onText={(typed) => edit.type(typed)}
      />
      <ul class="faults" aria-label="Faults of the text">
        {faults.slice(0, 5).map(({ from, message }) => (
          <li key={`${from} ${message}`} class="warning">
            Line {text.slice(0, from).split("\n").length}: {message}
          </li>
        ))}
      </ul>
      {(format === "json" || format === "yaml") && (
        <button
          type="button"
          disabled={faults.length > 0}
          onClick={() =>
            void import("./text-check.ts").then(({ laidOut }) => {
              const after = laidOut(format, edit.text.peek());
              if (after !== undefined) edit.replaceText(after);
            })
          }
        >
          Format
        </button>
      )}
    </>
  );
}

/** Says that the key was changed or deleted while it is edited. */
function ChangedBar({ edit, pair }: Pick<KeyEditorProps, "pair"> & { readonly edit: KeyEdit }): JSX.Element | null {
  const index = pair?.ModifyIndex ?? 0;
  const { index: known } = edit.base.value;
  // The screen hears of the own save later than the edit.
  if (edit.isSaving.value || (pair ? index <= known : known === 0)) return null;
  return (
    <div class="bar stale" role="status">
      <p>
        {pair ? `The key was changed at index ${index} while you edit it.` : "The key was deleted while you edit it."}
      </p>
      <button type="button" onClick={() => void edit.compare()}>
        Diff
      </button>
    </div>
  );
}

/** Lets the user keep a draft of a secret, which is otherwise never written anywhere. */
function DraftSwitch({ edit }: { readonly edit: KeyEdit }): JSX.Element | null {
  if (!looksSecret(edit.name)) return null;
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={edit.keepsDraft.value}
        onChange={({ currentTarget }) => {
          edit.keepsDraft.value = currentTarget.checked;
          edit.keep();
        }}
      />
      Keep a draft of this secret in the browser, unencrypted
    </label>
  );
}

/** Asks before an edit with changes is left. Returns the signal with the way out that waits for the answer. */
function useLeaveGuard(edit: KeyEdit): Signal<(() => void) | undefined> {
  const leaving = useSignal<(() => void) | undefined>(undefined);
  const isChanged = edit.isChanged.value;
  const release = useRef(() => {});
  useEffect(() => {
    if (!isChanged) return undefined;
    release.current = guardLeaving((leave) => (leaving.value = leave));
    return () => release.current();
  }, [isChanged]);
  useEffect(() => {
    const keep = (): void => edit.keep();
    const ask = (event: BeforeUnloadEvent): void => {
      keep();
      if (edit.isChanged.peek() && !edit.keepsDraft.peek()) event.preventDefault();
    };
    addEventListener("pagehide", keep);
    addEventListener("beforeunload", ask);
    return () => {
      removeEventListener("pagehide", keep);
      removeEventListener("beforeunload", ask);
      keep();
    };
  }, [edit]);
  return leaving;
}

interface LeaveProps {
  readonly edit: KeyEdit;
  readonly leaving: Signal<(() => void) | undefined>;
}

function Leave({ edit, leaving }: LeaveProps): JSX.Element {
  const leave = leaving.value;
  return (
    <Dialogue
      title={`Leave ${edit.name} with unsaved changes?`}
      closeLabel="Stay"
      onClose={() => (leaving.value = undefined)}
    >
      <p class="buttons">
        {edit.keepsDraft.value && (
          <button type="button" onClick={leave}>
            Leave and keep the draft
          </button>
        )}
        <button
          type="button"
          class="danger"
          onClick={() => {
            edit.discard();
            leave?.();
          }}
        >
          Discard the changes
        </button>
      </p>
    </Dialogue>
  );
}
