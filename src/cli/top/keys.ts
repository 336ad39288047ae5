/** A pressed key: a name, or the character that it types. */
export type Key =
  | { readonly name: "up" | "down" | "page-up" | "page-down" | "home" | "end" }
  | { readonly name: "enter" | "escape" | "backspace" | "interrupt" }
  | { readonly name: "text"; readonly text: string };

const sequences: ReadonlyMap<string, Key["name"]> = new Map<string, Key["name"]>([
  ["\u001b[A", "up"],
  ["\u001bOA", "up"],
  ["\u001b[B", "down"],
  ["\u001bOB", "down"],
  ["\u001b[5~", "page-up"],
  ["\u001b[6~", "page-down"],
  ["\u001b[H", "home"],
  ["\u001bOH", "home"],
  ["\u001b[1~", "home"],
  ["\u001b[F", "end"],
  ["\u001bOF", "end"],
  ["\u001b[4~", "end"],
  ["\r", "enter"],
  ["\n", "enter"],
  ["\u007f", "backspace"],
  ["\b", "backspace"],
  ["\u001b", "escape"],
  ["\u0003", "interrupt"],
]);

/** Decodes the input of a terminal in raw mode; drops unknown control sequences. */
export function keysIn(text: string): readonly Key[] {
  // oxlint-disable-next-line no-control-regex -- sequences of terminals begin with it
  const parts = text.match(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O.)|[^]/gu) ?? [];
  return parts.flatMap((part): readonly Key[] => {
    const name = sequences.get(part);
    if (name !== undefined && name !== "text") return [{ name }];
    return part >= " " ? [{ name: "text", text: part }] : [];
  });
}
