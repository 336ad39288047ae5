import { expect, test } from "bun:test";
import { isTestFile, readSourceFiles } from "../architecture/source-file.ts";
import { tableRows } from "./markdown-table.ts";

const [document] = await readSourceFiles("docs/metrics.md");

test("docs/metrics.md lists every metric that the code reports with its kind, and no other", async () => {
  const files = (await readSourceFiles("src/**/*.ts")).filter(({ path }) => !isTestFile(path));
  const made = files.flatMap(({ text }) =>
    [...text.matchAll(/metrics\.(gauge|counter|sample)\(["`]([^"`]+)["`]/g)].map(([, kind = "", name = ""]) => [
      name.replace("${label}", "<path>").replaceAll(/\$\{(\w+)\}/g, "<$1>"),
      kind,
    ]),
  );
  const unique = [...new Map(made.map((row) => [row.join(" "), row])).values()];
  const documented = tableRows(document?.text ?? "", "metric").map(([name, kind]) => [name, kind]);
  expect(documented.map(String).toSorted()).toEqual(unique.map(String).toSorted());
  expect(documented.length).toBeGreaterThan(10);
});
