import { describe, expect, test } from "bun:test";
import { proseOf } from "./prose.ts";
import { readSourceFiles, type SourceFile } from "./source-file.ts";

/** Folders and documents that keep the rules of CONTRIBUTING.md, "Language". */
const checked = [
  "src",
  "web",
  "scripts",
  "test",
  "bench",
  "examples",
  "docs/decisions",
  "docs/[!c]*.md",
  "docs/cli.md",
  "docs/client.md",
  "README.md",
  "ARCHITECTURE.md",
];

/** Each opening or word that hides the actor, and what to write instead. */
const refused: readonly (readonly [RegExp, string])[] = [
  [
    /(?<=^\s*|[.!?]\s+|\n\s*\n\s*|[-*|]\s+)(?:Whoever|Who|What|Of|In\s+which|To\s+who)\s/g,
    "open the sentence with its subject",
  ],
  [/\b(?:is|are)\s+told\b/gi, "name the actor and use an active verb"],
  [/\bpassed\s+over\b/gi, 'write "ignored" or "skipped"'],
  [/\bthere\s+is\s+none\b/gi, "name what is missing"],
  [/\b(?:somebody|nobody)\b/gi, "name the actor: the client, the agent, the caller"],
  [/\bsomewhere\b/gi, "name the place"],
  [/\bits\s+own\s+words\b/gi, "name the text"],
  [/\blooks\s+on\b/gi, "say what it observes"],
];

/** Returns the violations in one file, each as "file:line: the words: what to do". */
function violationsIn(file: SourceFile): readonly string[] {
  const prose = proseOf(file);
  return refused.flatMap(([pattern, advice]) =>
    [...prose.matchAll(pattern)].map(({ 0: found, index }) => {
      const line = prose.slice(0, index).split("\n").length;
      return `${file.path}:${line}: "${found.trim().replace(/\s+/g, " ")}": ${advice}`;
    }),
  );
}

/** Returns whether a document is a record of findings, which quotes what was observed. */
const isRecord = (path: string): boolean => path === "test/fault/TRACK_RECORD.md";

describe("the language of comments, test names and documents", () => {
  test("contains none of the openings and words that hide the actor", async () => {
    const patterns = checked.map((each) => (each.endsWith(".md") ? each : `${each}/**/*.{ts,tsx,md}`));
    const files = await readSourceFiles(...patterns);
    expect(files.filter(({ path }) => !isRecord(path)).flatMap(violationsIn)).toEqual([]);
  });
});

describe("the rules of language", () => {
  const violations = (text: string, path = "own.ts"): readonly string[] => violationsIn({ path, text });

  test("report the file, the line, the refused words and a remedy", () => {
    expect(violations('let a = "x";\n// Somebody waits.\n')).toEqual([
      'own.ts:2: "Somebody": name the actor: the client, the agent, the caller',
    ]);
  });

  test.each([
    ["// Who asks gets an answer."],
    ["/** Of each disk, its state. */"],
    ["/**\n * It ends. In which\n * order is open.\n */"],
    ["// The caller is\n// told."],
    ['test("a watch that looks on", () => {});'],
    ["test.each([1])(\n  `nobody asks`,\n  () => {},\n);"],
  ])("refuse %p", (text) => {
    expect(violations(text)).toHaveLength(1);
  });

  test.each([
    ['const text = "nobody is told somewhere";'],
    ["const pattern = /nobody/;"],
    ["const page = `// nobody`;"],
    ["const each = a / b; // a quotient"],
    ["// The answer to a list of services."],
    ['// Consul answers "nobody" and `somewhere`.'],
  ])("accept %p", (text) => {
    expect(violations(text)).toEqual([]);
  });

  test("ignore the code in a document", () => {
    expect(violations("```console\nnobody\n```\nA `nobody` runs.\n", "own.md")).toEqual([]);
    expect(violations("Some text.\n\nTo whom? Nobody knows.\n", "own.md")).toHaveLength(1);
  });
});
