/** A file of the published package that programs import. */
export interface PackageEntry {
  /** As package.json names it: "." is the package itself. */
  readonly name: string;
  /** In src. */
  readonly source: string;
  /** "browser" takes only what every runtime has; "node" lets node: modules through, which Bun has, too. */
  readonly target: "browser" | "node";
}

export const packageEntries: readonly PackageEntry[] = [
  { name: ".", source: "client-package.ts", target: "browser" },
  { name: "./bootstrap", source: "client-package-bootstrap.ts", target: "node" },
];
