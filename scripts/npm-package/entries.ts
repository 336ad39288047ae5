/** A file of the npm package that programs import. */
export interface PackageEntry {
  /** The key in `exports` of package.json: "." is the package itself. */
  readonly name: string;
  /** A path in src. */
  readonly source: string;
  /** "browser" allows no built-in modules; "node" allows those of Node, which Bun has, too. */
  readonly target: "browser" | "node";
}

export const packageEntries: readonly PackageEntry[] = [
  { name: ".", source: "client-package.ts", target: "browser" },
  { name: "./bootstrap", source: "client-package-bootstrap.ts", target: "node" },
];
