import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { hindranceOf } from "../../parts/state-bar.tsx";
import { useNarrow } from "../../parts/use-narrow.ts";
import { DiffView } from "./diff-view.tsx";
import type { KeyEdit, Theirs } from "./key-edit.ts";
import { writeOf } from "./names.ts";

interface ConflictProps {
  readonly edit: KeyEdit;
  readonly theirs: Theirs;
}

/** The key was changed since the edit began: the base, theirs and the own text, and what can be done. */
export function Conflict({ edit, theirs }: ConflictProps): JSX.Element {
  const hindrance = hindranceOf(writeOf(edit.name));
  const base = edit.base.value;
  const mine = edit.text.value;
  const columns: readonly Column[] = [
    { title: `Base, index ${base.index}`, view: <pre tabIndex={0}>{base.text}</pre> },
    {
      title: theirs.isGone ? "Theirs: deleted" : `Theirs, index ${theirs.base.index}`,
      view: <DiffView from={base.text} to={theirs.base.text} label="Their changes" />,
    },
    { title: "Yours", view: <DiffView from={base.text} to={mine} label="Your changes" /> },
  ];
  return (
    <section data-state="conflict" aria-label="Conflict">
      <div class="bar stale" role="alert">
        <p>
          {theirs.isGone
            ? `The key was deleted since you began with index ${base.index}. Nothing is saved.`
            : `The key was changed at index ${theirs.base.index} since you began with index ${base.index}. Your text is not saved over it.`}
        </p>
      </div>
      <Columns columns={columns} />
      {hindrance !== undefined && <p class="fault">{hindrance}</p>}
      <p class="buttons">
        <button type="button" onClick={() => (edit.conflict.value = undefined)}>
          Back to the text
        </button>
        <button type="button" onClick={() => edit.keepTheirs()}>
          Keep theirs
        </button>
        <button type="button" onClick={() => edit.mergeBoth()}>
          Merge
        </button>
        <button type="button" class="danger" disabled={hindrance !== undefined} onClick={() => void edit.putMine()}>
          Put mine over it
        </button>
      </p>
    </section>
  );
}

interface Column {
  readonly title: string;
  readonly view: JSX.Element;
}

/** Columns side by side; on a phone tabs. */
function Columns({ columns }: { readonly columns: readonly Column[] }): JSX.Element {
  const shown = useSignal(1);
  if (!useNarrow()) {
    return (
      <div class="columns">
        {columns.map(({ title, view }) => (
          <div key={title}>
            <h2>{title}</h2>
            {view}
          </div>
        ))}
      </div>
    );
  }
  return (
    <>
      <div role="tablist" aria-label="Versions">
        {columns.map(({ title }, at) => (
          <button
            key={title}
            type="button"
            role="tab"
            aria-selected={shown.value === at}
            onClick={() => (shown.value = at)}
          >
            {title}
          </button>
        ))}
      </div>
      <div role="tabpanel" aria-label={columns[shown.value]?.title}>
        {columns[shown.value]?.view}
      </div>
    </>
  );
}
