import { expect, test } from "bun:test";
import fc from "fast-check";
import { escapeHtml, page, table } from "./html.ts";

test("escaped text does not end the element or attribute around it", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("<", ">", '"', "'", "&", "a", ";", "&amp;") }), (text) => {
      const escaped = escapeHtml(text);
      expect(escaped).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
      expect(unescape(escaped)).toBe(text);
    }),
  );
});

test("a page escapes its title, so that a browser shows markup in it as text", () => {
  expect(page("<b>", "")).toContain("<title>&lt;b&gt;</title>");
});

test('a table without rows is the paragraph "None yet."', () => {
  expect(table(["Key"], [])).toBe("<p>None yet.</p>");
  expect(table(["Key"], [["a"], ["b"]])).toContain("<tr><td>a</td></tr>\n<tr><td>b</td></tr>");
});

function unescape(html: string): string {
  const names: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
  return html.replace(/&([a-z]+|#39);/g, (_whole, name: string) => names[name] ?? "?");
}
