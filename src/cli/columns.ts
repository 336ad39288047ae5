/** Rows as columns, each as wide as its widest value and two blanks apart; what is empty shows as "<none>" in Consul. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, width(cell));
  const lines = rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell + " ".repeat((widths[at] ?? 0) - width(cell))))
      .join("  "),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function width(text: string): number {
  return Array.from(text).length;
}
