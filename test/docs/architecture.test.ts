import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "../../src/state/command.ts";
import { storeTables } from "../../src/state/rows.ts";
import { tables, topicIndex } from "../../src/state/state.ts";
import { layers } from "../architecture/layers.ts";
import { readSourceFiles } from "../architecture/source-file.ts";
import { checkNamed, keySet, nodeNamed, serviceNamed, StateDriver } from "../support/state.ts";
import { tableRows } from "./markdown-table.ts";

const root = resolve(import.meta.dir, "../..");
const [document] = await readSourceFiles("ARCHITECTURE.md");
const text = document?.text ?? "";

const node = nodeNamed("gw");
const check = checkNamed("ping", { serviceId: "web" });
/** The six commands of ARCHITECTURE.md, section "Topics and indexes". */
const example: readonly Command[] = [
  { type: "register", node, skipNodeUpdate: false, checks: [] },
  { type: "register", node, skipNodeUpdate: true, service: serviceNamed("web"), checks: [check] },
  { type: "register", node, skipNodeUpdate: true, checks: [{ ...check, status: "passing" }] },
  keySet("a/b", "1"),
  keySet("a/c", "1"),
  { type: "kv-delete", key: "a/b" },
];

describe("the architecture documents", () => {
  test("name only existing files and folders", async () => {
    const documents = await readSourceFiles("*.md", "docs/**/*.md", "{bench,examples,test}/**/*.md");
    const named = documents.flatMap((file) =>
      [...file.text.matchAll(/`((?:src|test|docs|bench|scripts|examples)\/[\w./-]+)/g)].map(([, path = ""]) => path),
    );
    expect(named.length).toBeGreaterThan(60);
    expect([...new Set(named)].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("name each function together with the file that contains it", async () => {
    const documents = await readSourceFiles("*.md", "docs/**/*.md");
    const named = documents.flatMap((file) => [
      ...file.text.matchAll(/`([A-Za-z][\w.]*)` (?:\(|in )`([\w./-]+\.ts)`/g),
    ]);
    expect(named.length).toBeGreaterThan(25);
    const missing = named.filter(([, name = "", path = ""]) => {
      const code = readFileSync(join(root, path), "utf8");
      return !name.split(".").every((word) => new RegExp(`\\b${word}\\b`).test(code));
    });
    expect(missing.map(([, name, path]) => `${name} in ${path}`)).toEqual([]);
  });
});

describe("ARCHITECTURE.md", () => {
  test("has a table row for each layer", () => {
    const folders = layers.map(({ name }) => name).filter((name) => !/\.tsx?$/.test(name));
    expect(tableRows(text, "folder").map(([name]) => name)).toEqual(expect.arrayContaining(folders));
    expect(tableRows(text, "folder")).toHaveLength(folders.length);
  });

  test("lists each table of rows that the engine keeps on the disk", () => {
    const names = tableRows(text, "table").map(([name]) => name);
    expect(names.toSorted()).toEqual(
      ["(empty name)", ...tables.map(({ name }) => name), ...Object.values(storeTables)].toSorted(),
    );
  });

  test("has, in its example of topics, the indexes that the code computes", () => {
    const driver = new StateDriver();
    for (const command of example) driver.run(command);
    const { state } = driver;
    expect(state.index).toBe(6);
    const rows = tableRows(text, "topic");
    expect(rows.length).toBeGreaterThan(10);
    const documented = rows.map(([topic, index]) => `${topic}: ${index}`);
    expect(documented).toEqual(rows.map(([topic]) => `${topic}: ${topicIndex(state, topic)}`));
  });
});
