/**
 * The layers of src/, from the bottom up. A file may import its own folder and what its row lists: a folder ("lib"), or
 * one file of a folder of which only the contract may be known ("engine/engine.ts"). STYLE: what a layer does not list,
 * it must never know.
 */
export interface Layer {
  /** A folder of src/, or a file directly in it. */
  readonly name: string;
  readonly mayImport: readonly string[];
  /** A pure layer does no I/O: no node: or bun: module, no Bun, fetch or process. */
  readonly pure: boolean;
  /** What its tests may import besides: the real thing below a contract. test/support is open to all of them. */
  readonly testsMayImport?: readonly string[];
}

export const layers: readonly Layer[] = [
  { name: "lib", mayImport: [], pure: false },
  { name: "model", mayImport: ["lib"], pure: true },
  { name: "wire", mayImport: ["model", "lib"], pure: true },
  { name: "engine", mayImport: ["lib"], pure: false },
  { name: "state", mayImport: ["engine/engine.ts", "wire", "model", "lib"], pure: true },
  {
    name: "registry",
    mayImport: ["state", "engine/engine.ts", "model", "lib"],
    pure: true,
    testsMayImport: ["engine"],
  },
  { name: "checks", mayImport: ["model", "lib"], pure: false },
  { name: "agent", mayImport: ["checks", "model", "lib"], pure: false },
  { name: "cluster", mayImport: ["engine/engine.ts", "model", "lib"], pure: false, testsMayImport: ["engine"] },
  { name: "config", mayImport: ["wire", "model", "lib"], pure: false },
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
    // Of the state only the names of what can be waited for.
    mayImport: ["registry", "state/topics.ts", "agent", "cluster", "ports", "wire", "model", "lib"],
    pure: false,
    testsMayImport: ["engine"],
  },
  {
    name: "keeper",
    // Of http only how a port is listened on, and a request's path.
    mayImport: [
      ...["registry", "state/topics.ts", "agent", "ports", "http/server.ts", "http/sent-path.ts"],
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
    // Of the state only what reads a snapshot's file; of the engine only what checks a store that no agent has open.
    mayImport: [
      ...["edgex", "client", "config", "state/snapshot.ts", "engine/sqlite/check-store.ts", "wire", "model", "lib"],
    ],
    pure: false,
  },
  // What the published package of clients exports.
  { name: "client-package.ts", mayImport: ["client", "lib"], pure: true },
  { name: "client-package-bootstrap.ts", mayImport: ["client"], pure: true },
  {
    name: "server",
    mayImport: [
      ...["agent", "bus", "checks", "cluster", "config", "dns", "engine", "http", "keeper", "ports"],
      ...["registry", "state", "wire", "model", "lib"],
    ],
    pure: false,
  },
  { name: "main.ts", mayImport: ["*"], pure: false },
];
