import { signal, type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { TextFault } from "./text-check.ts";
import type { Format } from "./value.ts";

interface TextEditorProps {
  readonly label: string;
  /** The text at first. */
  readonly text: string;
  readonly format: Format;
  readonly onText: (text: string) => void;
}

const codeFormats: Signal<ReadonlySet<string>> = signal(
  new Set((localStorage.getItem("praetor-code-editor") ?? "").split(",").filter((each) => each !== "")),
);

function setCode(format: Format, isCode: boolean): void {
  const next = new Set(codeFormats.peek());
  if (isCode) next.add(format);
  else next.delete(format);
  codeFormats.value = next;
  localStorage.setItem("praetor-code-editor", [...next].join(","));
}

/** A field for a text, or on demand an editor for code; the choice is kept for each format. */
export function TextEditor(props: TextEditorProps): JSX.Element {
  const { label, text, format, onText } = props;
  const isCode = codeFormats.value.has(format);
  const current = useRef(text);
  const take = (next: string): void => {
    current.current = next;
    onText(next);
  };
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={isCode}
          onChange={({ currentTarget }) => setCode(format, currentTarget.checked)}
        />
        Code editor for {format === "text" ? "plain text" : format.toUpperCase()}
      </label>
      {isCode ? (
        <CodeEditor {...props} text={current.current} onText={take} />
      ) : (
        <textarea
          aria-label={label}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          rows={Math.min(30, Math.max(4, text.split("\n").length + 1))}
          onInput={({ currentTarget }) => take(currentTarget.value)}
          defaultValue={current.current}
        />
      )}
    </>
  );
}

/** The editor for code. Its scripts are loaded when it is first shown; it stands in a shadow root, which carries its styles. */
function CodeEditor({ label, text, format, onText }: TextEditorProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const fault = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const host = place.current;
    if (!host) return undefined;
    let close = (): void => {};
    let isShown = true;
    import("./code-editor.ts").then(
      ({ openCodeEditor }) => {
        if (isShown) close = openCodeEditor({ host, label, text, format, onText });
      },
      () => (fault.value = "The code editor did not come: switch it off, or reload the page."),
    );
    return () => {
      isShown = false;
      close();
    };
  }, [format]);
  return (
    <>
      {fault.value !== undefined && <p class="fault">{fault.value}</p>}
      <div ref={place} class="code-editor" />
    </>
  );
}

/** Returns the faults of a text of this format, a moment after it was changed. */
export function useFaults(format: Format, text: string): readonly TextFault[] {
  const faults = useSignal<readonly TextFault[]>([]);
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(() => {
      if (format === "text") faults.value = [];
      else
        void import("./text-check.ts").then(({ faultsOf }) => {
          if (isCurrent) faults.value = faultsOf(format, text);
        });
    }, 400);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [format, text]);
  return faults.value;
}
