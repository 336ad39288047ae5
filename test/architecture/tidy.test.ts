import { describe, expect, test } from "bun:test";
import { basename, dirname, join } from "node:path";
import { codeLinesOf } from "./prose.ts";
import { readSourceFiles } from "./source-file.ts";

const linesMax = 400;
const repository = join(import.meta.dir, "../..");
const source = await readSourceFiles("src/**/*.ts", "web/**/*.{ts,tsx}");
const everyFile = await readSourceFiles("{src,test,bench,scripts,examples,web}/**/*.{ts,tsx}");

describe("a source file", () => {
  test(`of src or web has at most ${linesMax} lines`, () => {
    const long = source
      .map((file) => ({ path: file.path, lines: file.text.split("\n").length - 1 }))
      .filter(({ lines }) => lines > linesMax);
    expect(long).toEqual([]);
  });

  test("has a kebab-case name, which is not a vague one such as types, utils or helpers", () => {
    const misnamed = everyFile
      .map((file) => file.path)
      .filter((path) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:test|suite|case))?\.tsx?$/.test(basename(path)))
      .concat(
        everyFile
          .map((file) => file.path)
          .filter((path) => /^(?:types|index|utils?|helpers?|common|misc)\.ts$/.test(basename(path))),
      );
    expect(misnamed).toEqual([]);
  });

  test("of src or web re-exports no other file, except the entry points of published packages", () => {
    const files = source.filter(({ path }) => !path.startsWith("src/client-package"));
    const barrels = files.filter((file) => /^export\s+(?:type\s+)?(?:\*|\{[^}]*\})\s+from\s/m.test(file.text));
    expect(barrels.map((file) => file.path)).toEqual([]);
  });
});

test("an exported name contains no Manager, Helper, Util or Impl, and no type's name ends in Data or Info", () => {
  const vague = source.flatMap((file) =>
    codeLinesOf(file).flatMap((line, at) => {
      const [, kind = "", name = ""] =
        /^export\s+(?:abstract\s+|async\s+)*(const|let|function\*?|class|interface|type)\s+([\w$]+)/.exec(line) ?? [];
      const words = name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
      const isVague =
        words.some((word) => /^(?:manager|helper|util|utils|impl)$/.test(word)) ||
        (/^(?:class|interface|type)$/.test(kind) && /^(?:data|info)$/.test(words.at(-1) ?? ""));
      return isVague ? [`${file.path}:${at + 1} ${name}`] : [];
    }),
  );
  expect(vague).toEqual([]);
});

test("each link from a document to a file of the repository has a target", async () => {
  const documents = await readSourceFiles("*.md", "{docs,bench,examples,test,web}/**/*.md");
  const dead: string[] = [];
  for (const file of documents) {
    for (const [, target = ""] of file.text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const path = join(repository, dirname(file.path), target);
      const exists = (await Bun.file(path).exists()) || (await isFolder(path));
      if (!exists) dead.push(`${file.path}: ${target}`);
    }
  }
  expect(dead).toEqual([]);
});

async function isFolder(path: string): Promise<boolean> {
  const { stat } = await import("node:fs/promises");
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
