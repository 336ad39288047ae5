import { posix } from "node:path";
import { Glob } from "bun";

/** A TypeScript file of the repository. Paths are relative to its root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const repository = `${import.meta.dir}/../..`;

/** Matches the path of a generated file. The rules hold for the source from which a program generates it. */
const generated = /\/generated\//;

/**
 * Returns the files that match any of `patterns`, in path order, without generated ones. @throws Error if no file matches,
 * because a rule without files proves nothing
 */
export async function readSourceFiles(...patterns: readonly string[]): Promise<readonly SourceFile[]> {
  const paths: string[] = [];
  for (const pattern of patterns)
    for await (const path of new Glob(pattern).scan({ cwd: repository })) if (!generated.test(path)) paths.push(path);
  if (paths.length === 0) throw new Error(`no file is ${patterns.join(" or ")}: the rule would hold for nothing`);
  return Promise.all(
    paths.toSorted().map(async (path) => ({ path, text: await Bun.file(`${repository}/${path}`).text() })),
  );
}

/** Returns whether the path is a test's or that of a file that only tests import. */
export function isTestFile(path: string): boolean {
  return /\.(test|suite)\.tsx?$/.test(path);
}

const importForms: readonly RegExp[] = [
  // Matches `import x, { y } from "z"` and `export * from "z"`, also type-only and over several lines.
  /^(?:import|export)\s+(?:type\s+)?(?:[\w$]+\s*,\s*)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}]*\}|[\w$]+)\s+from\s+"([^"]+)"/gm,
  /^import\s+"([^"]+)"/gm,
  /\bimport\(\s*"([^"]+)"/g,
  /\bnew URL\(\s*"(\.{1,2}\/[^"]+\.tsx?)"\s*,\s*import\.meta\.url/g,
];

/** Returns the imports of a file, as written: "../lib/clock.ts", "node:path". */
export function importsOf(file: SourceFile): readonly string[] {
  return importForms.flatMap((form) => [...file.text.matchAll(form)].map((match) => match[1] ?? ""));
}

/** Returns the imports of a file that name files of the repository, as paths from its root. */
export function localImportsOf(file: SourceFile): readonly string[] {
  return importsOf(file)
    .filter((name) => name.startsWith("."))
    .map((name) => posix.join(posix.dirname(file.path), name));
}
