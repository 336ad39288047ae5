import { describe, expect, test } from "bun:test";
import type { Api } from "../../src/http/api.ts";
import { routes } from "../../src/http/routes.ts";
import { isTestFile, readSourceFiles } from "../architecture/source-file.ts";
import { tableRows } from "./markdown-table.ts";

const [document] = await readSourceFiles("docs/api.md");
const text = document?.text ?? "";
const rows = tableRows(text, "request");

/** Endpoints are only made here, not called: of the whole Api no more than this is looked at. */
function requestsWith(ui: Partial<Api>): string[] {
  return routes(ui as Api).flatMap(({ path, methods }) => Object.keys(methods).map((method) => `${method} ${path}`));
}

describe("docs/api.md", () => {
  test("lists every path with its methods, and no other", () => {
    // A path that ends in "/" takes in all below it, which the document names in angle brackets.
    const documented = rows.map(([request]) => request.replace(/<[^>]+>$/, ""));
    expect(documented.toSorted()).toEqual(requestsWith({ ui: { contentPath: "/ui/", folder: undefined } }).toSorted());
    const hidden = requestsWith({ ui: undefined }).filter((request) => !documented.includes(request));
    expect(hidden).toEqual([]);
  });

  test("says what below a path is taken from it, exactly where something is", () => {
    const open = rows.map(([request]) => request).filter((request) => /\/v1\/.*\/$/.test(request));
    expect(open).toEqual([]);
  });

  test("names every query parameter that the code reads", async () => {
    const files = (await readSourceFiles("src/http/**/*.ts")).filter(({ path }) => !isTestFile(path));
    const read = files.flatMap(({ text: code }) =>
      [...code.matchAll(/(?:query\.(?:get|has|all)|isSet)\((?:request, )?"([\w-]+)"\)/g)].map(([, name = ""]) => name),
    );
    const names = [...new Set(read)].toSorted();
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !new RegExp(`\`${name}[\`=]`).test(text))).toEqual([]);
  });

  test("says that a read can wait where one can, and nowhere else", async () => {
    const waits = rows.filter(([, parameters = ""]) => /\bread\b/.test(parameters)).map(([request]) => request);
    const able = /^GET \/v1\/(?:catalog|coordinate|health|internal\/ui|kv|praetor|query|session)\b/;
    expect(waits.filter((request) => !able.test(request))).toEqual([]);
    expect(waits).toHaveLength(27);
  });
});
