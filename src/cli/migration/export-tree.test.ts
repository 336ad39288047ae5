import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { KvTreeEntry } from "../../wire/kv-tree.ts";
import { decodeServiceDefinition } from "../../wire/service-definition.ts";
import { decodeCarriedNode } from "./carried-node.ts";
import { readExport, writeExport } from "./export-folder.ts";
import { decodeTree, encodeTree, type Tree } from "./export-tree.ts";
import type { Inventory } from "./inventory.ts";

const nothing: Inventory = { keys: [], services: [], checks: [], nodes: [], queries: [] };

const segment = fc.oneof(
  fc.constantFrom(
    "",
    ".",
    "..",
    "a",
    "b",
    "%",
    "%value",
    "a%value",
    ".git",
    ".gitattributes",
    "kv",
    "1",
    "__proto__",
    "long".repeat(80),
  ),
  fc.string({ unit: "grapheme", maxLength: 6 }),
);
const key = fc.array(segment, { minLength: 1, maxLength: 5 }).map((names) => names.join("/"));
const entry: fc.Arbitrary<KvTreeEntry> = fc.record({
  key: key.filter((text) => text !== ""),
  flags: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  value: fc.uint8Array({ maxLength: 64 }).map((bytes) => new Uint8Array(bytes)),
});
const keys = fc.uniqueArray(entry, { selector: (each) => each.key, maxLength: 12 });

const inOrder = (entries: readonly KvTreeEntry[]): readonly KvTreeEntry[] =>
  entries.toSorted((a, b) => (a.key < b.key ? -1 : 1));

let root: string;
beforeAll(() => void (root = mkdtempSync(join(tmpdir(), "export-"))));
afterAll(() => rmSync(root, { recursive: true }));
const newFolder = (): string => mkdtempSync(join(root, "-"));

describe("an export", () => {
  test("restores any keys with flags and values byte for byte, also after it is written to disk and read again", async () => {
    const folder = newFolder();
    await fc.assert(
      fc.asyncProperty(keys, async (entries) => {
        const tree = encodeTree({ ...nothing, keys: entries });
        expect(inOrder(decodeTree(tree).keys)).toEqual(inOrder(entries));
        // Overwrites the export of the previous run.
        await writeExport(folder, tree);
        const { inventory } = await readExport(folder);
        expect(inOrder(inventory.keys)).toEqual(inOrder(entries));
        expect(encodeTree(inventory)).toEqual(tree);
      }),
      { numRuns: 60 },
    );
  });

  test("has the same files whatever the order of the keys", () => {
    fc.assert(
      fc.property(keys, (entries) => {
        expect(encodeTree({ ...nothing, keys: entries.toReversed() })).toEqual(
          encodeTree({ ...nothing, keys: entries }),
        );
      }),
    );
  });

  test("restores services with every kind of check, and other nodes", () => {
    const checks = [
      {
        CheckID: "1",
        HTTP: "http://a/?b&c",
        Method: "POST",
        Header: { "X-Y": ["1"] },
        Body: "{}",
        TLSSkipVerify: true,
        Interval: "1.5s",
        Timeout: "2s",
      },
      { CheckID: "2", TCP: "a:1", Interval: "1m", SuccessBeforePassing: 2, FailuresBeforeCritical: 3 },
      { CheckID: "3", TTL: "30s", Status: "passing", Notes: "n", DeregisterCriticalServiceAfter: "2m" },
      { CheckID: "4", GRPC: "a:1/s", GRPCUseTLS: true, Interval: "10s" },
      { CheckID: "5", ScriptArgs: ["/bin/true", "-x"], Interval: "10s", OutputMaxSize: 100 },
      { CheckID: "6", AliasNode: "n", AliasService: "s" },
    ];
    const meta = { tagged_key: "v", A: "b" };
    const more = { Tags: ["t"], Meta: meta, Weights: { Passing: 3, Warning: 2 }, EnableTagOverride: true };
    const registration = { ID: ".id/with:all", Name: "web", Address: "192.0.2.1", Port: 80, ...more, Checks: checks };
    const service = decodeServiceDefinition(registration, { source: "api", outputBytesMax: Number.MAX_SAFE_INTEGER });
    const node = decodeCarriedNode({
      node: { Node: "printer", Address: "192.0.2.9", Meta: { external: "true" } },
      services: [{ ID: "p", Service: "print", Port: 9100, Weights: { Passing: 1, Warning: 1 } }],
      checks: [
        {
          CheckID: "c",
          Name: "c",
          Status: "warning",
          ServiceID: "p",
          Output: "changes",
          Definition: { TCP: "a:1", Interval: "3s" },
        },
      ],
    });
    const tree = encodeTree({ ...nothing, services: [service], nodes: [node] });
    const read = decodeTree(tree);
    expect(read.services).toEqual([service]);
    expect(read.nodes[0]?.checks).toMatchObject([{ status: "warning", output: "", definition: { intervalMs: 3000 } }]);
    expect(encodeTree(read)).toEqual(tree);
    expect([...tree.keys()].filter((path) => path.includes("/"))).toEqual([
      "services/%2Eid%2Fwith:all.json",
      "nodes/printer.json",
    ]);
  });

  test("removes the files of deleted keys, and keeps files that praetor export did not write", async () => {
    const folder = newFolder();
    const value = Buffer.from("v");
    await writeExport(folder, encodeTree({ ...nothing, keys: [{ key: "a/b/c", flags: 1n, value }] }));
    writeFileSync(join(folder, "README.md"), "mine");
    mkdirSync(join(folder, ".git"));
    const counts = await writeExport(folder, encodeTree({ ...nothing, keys: [{ key: "a", flags: 0n, value }] }));
    expect(counts).toEqual({ written: 1, removed: 2, unchanged: 2 });
    expect(readdirSync(folder).toSorted()).toEqual([
      ".git",
      ".gitattributes",
      "README.md",
      "kv",
      "praetor-export.json",
    ]);
    expect(statSync(join(folder, "kv/a")).mode & 0o777).toBe(0o600);
  });

  test("is not written into a folder with other files, or through a symbolic link", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "mine"), "");
    const tree = encodeTree(nothing);
    expect(writeExport(folder, tree)).rejects.toThrow("is not empty, and is not an export");
    expect(readdirSync(folder)).toEqual(["mine"]);
    const linked = newFolder();
    await writeExport(linked, tree);
    symlinkSync(folder, join(linked, "kv"));
    expect(writeExport(linked, tree)).rejects.toThrow("kv is not a folder: nothing is done.");
    expect(existsSync(join(folder, "mine"))).toBe(true);
  });

  test("is refused if it is incomplete or of a later version, and so is a folder without an export", async () => {
    const folder = newFolder();
    expect(readExport(folder)).rejects.toThrow("is not an export: it has no praetor-export.json");
    await writeExport(folder, encodeTree(nothing));
    writeFileSync(join(folder, "praetor-export.unfinished"), "");
    expect(readExport(folder)).rejects.toThrow("was interrupted, and is not whole");
    const later = new Map([["praetor-export.json", Buffer.from('{"format":"praetor-export","version":2}')]]);
    expect(() => decodeTree(later)).toThrow("this Praetor reads version 1, and it is 2");
  });

  test("with an invalid file is refused with an error that names the file", () => {
    const base = encodeTree(nothing);
    const withFile = (path: string, text: string): Tree => new Map([...base, [path, Buffer.from(text)]]);
    expect(() => decodeTree(withFile("services/a.json", "{"))).toThrow("services/a.json");
    expect(() => decodeTree(withFile("nodes/a.json", "{}"))).toThrow("nodes/a.json cannot be used: Must provide node");
    expect(() => decodeTree(withFile("kv/100%", ""))).toThrow(
      "kv/100% cannot be used: a % in a file's name is written %25.",
    );
    const flags = new Map([...withFile("kv/a", ""), ["kv-flags.json", Buffer.from('{"a":"-1"}')]]);
    expect(() => decodeTree(flags)).toThrow('the flags of "a" are no number of 64 bits');
  });
});
