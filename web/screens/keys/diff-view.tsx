import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { type DiffRow, diffRows } from "./line-diff.ts";

interface DiffViewProps {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

const signs = { same: " ", added: "+", removed: "-" } as const;

/** The lines that differ between two texts, with some around them; a press unfolds the others. */
export function DiffView({ from, to, label }: DiffViewProps): JSX.Element {
  const rows = useMemo(() => diffRows(from, to), [from, to]);
  if (from === to) return <p class="hint">There is no difference.</p>;
  return (
    <div class="diff" role="group" aria-label={label} tabIndex={0}>
      {rows.map((row, at) => (row.kind === "folded" ? <Folded key={at} {...row} /> : <Line key={at} {...row} />))}
    </div>
  );
}

function Line({ kind, text }: Exclude<DiffRow, { kind: "folded" }>): JSX.Element {
  const line = `${signs[kind]} ${text}`;
  if (kind === "added") return <ins>{line}</ins>;
  return kind === "removed" ? <del>{line}</del> : <div>{line}</div>;
}

function Folded({ lines }: Extract<DiffRow, { kind: "folded" }>): JSX.Element {
  const isOpen = useSignal(false);
  if (isOpen.value) {
    return (
      <>
        {lines.map((text, at) => (
          <Line key={at} kind="same" text={text} />
        ))}
      </>
    );
  }
  return (
    <button type="button" class="quiet" onClick={() => (isOpen.value = true)}>
      {lines.length} unchanged lines
    </button>
  );
}
