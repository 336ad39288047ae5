import { describe, expect, test } from "bun:test";
import { statusOf } from "../../src/http/http-error.ts";
import { type ErrorKind, OperatingError } from "../../src/lib/errors.ts";
import { codeLinesOf } from "../architecture/prose.ts";
import { isTestFile, readSourceFiles, type SourceFile } from "../architecture/source-file.ts";
import { tableRows } from "./markdown-table.ts";

const [document] = await readSourceFiles("docs/errors.md");
const text = document?.text ?? "";
const source = (await readSourceFiles("src/**/*.ts")).filter(({ path }) => !isTestFile(path));

/** One construction of an error in the code: its kind and its code, both as source text. */
interface Made {
  readonly path: string;
  readonly kind: string;
  readonly code: string;
}

/**
 * The files with errors whose code is not a literal at the constructor. Each has the file that contains the literals,
 * after `code:`, and the errors' kind.
 */
const literalsElsewhere: Readonly<Record<string, { readonly file: string; readonly kind: ErrorKind }>> = {
  "src/registry/rejection.ts": { file: "src/state/command.ts", kind: "conflict" },
  "src/lib/errors.ts": { file: "src/engine/sqlite/worker.ts", kind: "unavailable" },
};

/** The files that make another agent's errors again. Their codes are literals in the files in which that agent makes them. */
const received = ["src/link/message.ts", "src/cluster/admission.ts"];

const made = source.flatMap(errorsOf);
const literal = /^"(.*)"$/;
const known = new Map<string, Set<string>>();
for (const { path, kind, code } of made) {
  const name = literal.exec(code)?.[1];
  if (name !== undefined) note(name, literal.exec(kind)?.[1] ?? "varies");
  else
    for (const elsewhere of codesNamedIn(literalsElsewhere[path]?.file)) note(elsewhere, literalsElsewhere[path]?.kind);
}

function note(code: string, kind: string | undefined): void {
  known.set(code, (known.get(code) ?? new Set()).add(kind ?? ""));
}

/** Returns every call of the error class's constructor, on one line or several. */
function errorsOf({ path, text: code }: SourceFile): Made[] {
  const calls = [...code.matchAll(/new OperatingError\(\s*([^,]+?),\s*([^,]+?),/g)];
  return calls.map(([, kind = "", name = ""]) => ({ path, kind, code: name }));
}

function codesNamedIn(path: string | undefined): string[] {
  const file = source.find((each) => each.path === path);
  return [...(file?.text.matchAll(/\bcode: "([a-z-]+)"/g) ?? [])].map(([, code = ""]) => code);
}

describe("docs/errors.md", () => {
  const rows = tableRows(text, "code");

  test("lists every error code of src, and no other", () => {
    expect(rows.map(([code]) => code).toSorted()).toEqual([...known.keys()].toSorted());
  });

  test("gives each error code the kinds with which the code constructs it", () => {
    const documented = rows.map(([code, kinds = ""]) => [code, kinds.split(", ").toSorted()]);
    const actual = rows.map(([code]) => [code, [...(known.get(code) ?? [])].toSorted()]);
    expect(documented).toEqual(actual);
  });

  test("gives each error kind its HTTP status", () => {
    const kinds = tableRows(text, "kind").map(([kind, status]) => [kind, status]);
    const actual = kinds.map(([kind]) => [kind, String(statusOf(new OperatingError(kind as ErrorKind, "x", "y")))]);
    expect(kinds).toEqual(actual);
    expect(kinds).toHaveLength(9);
  });
});

describe("the search for errors in the code", () => {
  test("finds every call of OperatingError's constructor", () => {
    const words = source.map(({ path, text: code }) => [path, code.split("new OperatingError(").length - 1]);
    const found = source.map(({ path }) => [path, made.filter((each) => each.path === path).length]);
    expect(found).toEqual(words);
    expect(made.length).toBeGreaterThan(50);
  });

  test("knows, for every error code that the constructor gets in a variable, the file with the code's literals", () => {
    const dynamic = made
      .filter(({ code, path }) => !literal.test(code) && !received.includes(path))
      .map(({ path }) => path);
    expect(dynamic).toEqual(Object.keys(literalsElsewhere).toSorted((a, b) => dynamic.indexOf(a) - dynamic.indexOf(b)));
    for (const { file } of Object.values(literalsElsewhere)) expect(codesNamedIn(file)).not.toEqual([]);
  });

  test("is complete, because no code extends or renames OperatingError", () => {
    const aliased = source.flatMap((file) =>
      codeLinesOf(file)
        .filter((line) => /extends OperatingError|OperatingError as|= OperatingError\b/.test(line))
        .map((line) => `${file.path}: ${line}`),
    );
    expect(aliased).toEqual([]);
  });
});
