import { expect, test } from "bun:test";
import { readSourceFiles } from "../architecture/source-file.ts";
import { dnsDifferences } from "../conformance/dns/differences.ts";
import { tableRows } from "./markdown-table.ts";

const [document] = await readSourceFiles("docs/dns.md");

test("docs/dns.md lists every known difference from Consul with its reason, and no other", () => {
  const documented = tableRows(document?.text ?? "", "what Praetor does");
  const known = dnsDifferences.map(({ what, why }) => [what.replaceAll("`", ""), why]);
  expect(documented.map(([what, why = ""]) => [what, why])).toEqual(known);
});
