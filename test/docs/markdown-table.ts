/**
 * Returns the rows of all tables whose first heading is `heading`. Removes the backticks from the first cell of each row, and
 * leaves the other cells unchanged.
 */
export function tableRows(markdown: string, heading: string): readonly (readonly [string, ...string[]])[] {
  const rows: [string, ...string[]][] = [];
  let inside = false;
  for (const line of markdown.split("\n")) {
    if (!line.startsWith("|")) inside = false;
    else if (inside) {
      const [first = "", ...others] = cellsOf(line);
      if (!/^-+$/.test(first)) rows.push([first.replaceAll("`", ""), ...others]);
    } else inside = cellsOf(line)[0] === heading;
  }
  if (rows.length === 0) throw new Error(`no table begins with ${heading}`);
  return rows;
}

function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}
