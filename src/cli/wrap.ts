const lineWidth = 80;

/** Wraps a text to 80 columns, with `indent` before each line; ends in a newline. */
export function wrap(text: string, indent: string): string {
  const lines = Bun.wrapAnsi(text.replace(/\s+/g, " "), lineWidth - indent.length).split("\n");
  return lines.map((line) => `${indent}${line}\n`).join("");
}
