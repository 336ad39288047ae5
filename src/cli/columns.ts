/** Rows as columns, each as wide as its widest value, and `gap` blanks apart. */
export function columns(rows: readonly (readonly string[])[], gap = 2): string {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, width(cell));
  const lines = rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell + " ".repeat((widths[at] ?? 0) - width(cell))))
      .join(" ".repeat(gap)),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function width(text: string): number {
  return Array.from(text).length;
}
