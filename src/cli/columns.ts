/** Formats rows as a table. Each column is as wide on a terminal as its widest cell, and `gap` blanks separate columns. */
export function columns(rows: readonly (readonly string[])[], gap = 2): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, Bun.stringWidth(cell));
  const lines = rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell + " ".repeat((widths[at] ?? 0) - Bun.stringWidth(cell))))
      .join(" ".repeat(gap)),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}
