/**
 * A layer of src/. A file may import files of its own folder and what `mayImport` of its layer names, and nothing else:
 * a folder ("lib"), or a single file of a folder ("engine/engine.ts"), whose contract the layer may know without the
 * implementation.
 */
export interface Layer {
  /** A folder of src/, or a file directly in it. */
  readonly name: string;
  readonly mayImport: readonly string[];
  /** A pure layer does no I/O: no node: or bun: module, no Bun, fetch or process. */
  readonly pure: boolean;
  /**
   * Further imports that the layer's tests may have: the implementation of a contract. All tests may import
   * test/support.
   */
  readonly testsMayImport?: readonly string[];
}

export const layers: readonly Layer[] = [
  { name: "lib", mayImport: [], pure: false },
  { name: "model", mayImport: ["lib"], pure: true },
  { name: "acl", mayImport: ["model", "lib"], pure: true },
  { name: "wire", mayImport: ["acl", "model", "lib"], pure: true },
  { name: "engine", mayImport: ["lib"], pure: false },
  { name: "state", mayImport: ["engine/engine.ts", "acl", "wire", "model", "lib"], pure: true },
  {
    name: "registry",
    mayImport: ["state", "engine/engine.ts", "engine/replicated-engine.ts", "acl", "model", "lib"],
    pure: true,
    testsMayImport: ["engine"],
  },
  { name: "link", mayImport: ["lib"], pure: false },
  { name: "checks", mayImport: ["model", "lib"], pure: false },
  { name: "agent", mayImport: ["checks", "model", "lib"], pure: false },
  {
    name: "cluster",
    mayImport: ["link", "registry", "state/topics.ts", "engine/engine.ts", "model", "lib"],
    pure: false,
    testsMayImport: ["engine"],
  },
  { name: "config", mayImport: ["acl", "wire", "model", "lib"], pure: false },
  {
    name: "ports",
    mayImport: ["registry", "state/topics.ts", "agent", "wire", "model", "lib"],
    pure: false,
    testsMayImport: ["engine"],
  },
  {
    name: "bus",
    mayImport: ["registry", "state/topics.ts", "wire", "model", "lib"],
    pure: false,
    testsMayImport: ["engine"],
  },
  {
    name: "http",
    // From the state, http imports only the names of topics.
    mayImport: ["registry", "state/topics.ts", "agent", "cluster", "ports", "acl", "wire", "model", "lib"],
    pure: false,
    testsMayImport: ["engine"],
  },
  {
    name: "keeper",
    // From http, keeper imports only the listeners, the audit log, and a request's path and token.
    mayImport: [
      ...["registry", "state/topics.ts", "agent", "ports"],
      ...["http/audit.ts", "http/server.ts", "http/sent-path.ts", "http/sent-token.ts", "acl"],
      ...["wire", "model", "lib"],
    ],
    pure: false,
    testsMayImport: ["engine"],
  },
  { name: "dns", mayImport: ["registry", "state/topics.ts", "model", "lib"], pure: false, testsMayImport: ["engine"] },
  { name: "client", mayImport: ["wire", "model", "lib"], pure: false },
  { name: "edgex", mayImport: ["client", "config", "model", "lib"], pure: false },
  {
    name: "cli",
    // From the state, cli imports only the reader of snapshot files, and from the engine only the check of a store that
    // no agent has open.
    mayImport: [
      ...[
        "edgex",
        "client",
        "config",
        "state/snapshot.ts",
        "engine/sqlite/check-store.ts",
        "acl",
        "wire",
        "model",
        "lib",
      ],
    ],
    pure: false,
  },
  // The exports of the published client package.
  { name: "client-package.ts", mayImport: ["client", "lib"], pure: true },
  { name: "client-package-bootstrap.ts", mayImport: ["client"], pure: true },
  // The composition root builds an agent from all layers.
  {
    name: "server",
    mayImport: [
      ...["agent", "bus", "checks", "cluster", "config", "dns", "engine", "http", "keeper", "link", "ports"],
      ...["registry", "state", "wire", "model", "lib"],
    ],
    pure: false,
  },
  { name: "main.ts", mayImport: ["*"], pure: false },
];
