import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fileNameOf, keyOfPath, pathOfKey } from "./key-path.ts";

/** Names with a special meaning for file systems, for git or for the escapes of file names, and random names. */
const nastyName = fc.oneof(
  fc.constantFrom(
    "",
    ".",
    "..",
    "%",
    "%value",
    "%25",
    ".git",
    ".GIT",
    ".gitignore",
    "git~1",
    "a\\b",
    "a\u0000b",
    "é",
    "💧",
  ),
  fc.string({ unit: "grapheme", maxLength: 8 }),
  fc.constant("long".repeat(70)),
);
const nastyKey = fc.array(nastyName, { minLength: 1, maxLength: 6 }).map((names) => names.join("/"));

describe("the file path of a key in an export", () => {
  test.each([
    ["edgex/core/1.0/Service/Port", false, "edgex/core/1.0/Service/Port"],
    ["a//b/", false, "a/%/b/%"],
    ["a", true, "a%value"],
    ["50%", false, "50%25"],
    ["a/../.git", false, "a/%2E./%2Egit"],
    ["/a", false, "%/a"],
  ])("is the key itself, except for the parts that a file name cannot hold: %j", (key, isFolder, path) => {
    expect(pathOfKey(key, isFolder)).toBe(path);
    expect(keyOfPath(path, {})).toEqual({ key });
  });

  test("decodes to the key, and never leaves the export's folder or enters a .git folder", () => {
    fc.assert(
      fc.property(nastyKey, fc.boolean(), (key, isFolder) => {
        const path = pathOfKey(key, isFolder);
        const hash = path.startsWith("%long/") ? path.slice("%long/".length) : "";
        expect(keyOfPath(path, { [hash]: key })).toEqual({ key });
        for (const name of path.split("/")) {
          expect(name).not.toMatch(/^(\.{0,2}|\.git.*|git~.*)$/i);
          // oxlint-disable-next-line no-control-regex -- the forbidden characters
          expect(name).not.toMatch(/[\\\u0000-\u001f]/);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        }
      }),
    );
  });

  test("is unique for each key", () => {
    fc.assert(
      fc.property(nastyKey, nastyKey, fc.boolean(), fc.boolean(), (a, b, aIsFolder, bIsFolder) => {
        fc.pre(a !== b);
        expect(pathOfKey(a, aIsFolder)).not.toBe(pathOfKey(b, bIsFolder));
      }),
    );
  });

  test("decodes to a key if a user created the file, or to the reason why the file has no key", () => {
    expect(keyOfPath("my own/key", {})).toEqual({ key: "my own/key" });
    expect(keyOfPath("100%", {})).toBe("a % in a file's name is written %25");
    expect(keyOfPath("%long/unknown", {})).toBe("kv-names.json does not tell its key");
  });
});

test("each name of a service or node has its own file name, which is one path segment without a leading dot", () => {
  fc.assert(
    fc.property(nastyKey, nastyKey, (a, b) => {
      expect(fileNameOf(a)).toMatch(/^[^./][^/]*$/);
      expect(fileNameOf(a) === fileNameOf(b)).toBe(a === b);
    }),
  );
});
