/** Escapes text for element content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Returns a complete HTML page around `body`, which is HTML. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** Returns an HTML table whose cells are HTML, or the paragraph "None yet." if it has no rows. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "<p>None yet.</p>";
  const line = (cells: readonly string[], tag: "th" | "td"): string =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return `<table>\n${[line(heads, "th"), ...rows.map((row) => line(row, "td"))].join("\n")}\n</table>`;
}

const style = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222; }
body { overflow-wrap: anywhere; background: #fff; }
h1 small { color: #666; font-size: 1rem; font-weight: normal; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #ddd; }
.passing { color: #0a6b2d; } .warning { color: #8a5a00; } .critical { color: #b00020; font-weight: bold; }
@media (max-width: 40rem) {
  table, tbody, tr, td { display: block; } tr:has(th) { display: none; }
  tr { padding: .5rem 0; border-bottom: 1px solid #ddd; } td { border: 0; padding: 0; }
}
@media (prefers-color-scheme: dark) {
  body { background: #16181c; color: #ddd; } a { color: #8ab4f8; } h1 small { color: #aaa; }
  .passing { color: #5fd38a; } .warning { color: #f0b429; } .critical { color: #ff8a80; }
}
`;
