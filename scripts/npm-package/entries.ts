/** A file of the published package that programs import. */
export interface PackageEntry {
  /** As package.json names it: "." is the package itself. */
  readonly name: string;
  readonly source: string;
  /** Without an ending: index.js and its declarations. */
  readonly file: string;
  /** "browser" takes only what every runtime has; "node" lets node: modules through, which Bun has, too. */
  readonly target: "browser" | "node";
}

export const packageEntries: readonly PackageEntry[] = [
  { name: ".", source: "client-package.ts", file: "index", target: "browser" },
  // What starts a whole service needs files and signals: { name: "./bootstrap", source: ..., target: "node" } goes here.
];
