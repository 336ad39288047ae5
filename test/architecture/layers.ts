/**
 * A layer of src/, or a room of web/. A file may import files of its own folder and what `mayImport` of its layer names, and nothing
 * else: a folder ("lib"), or a single file of a folder ("engine/engine.ts"), whose contract the layer may know without the
 * implementation. Names stand for places in src/, unless they begin with "web/" or "scripts/".
 */
export interface Layer {
  /** A folder of src/ or web/, or a file directly in it: "lib", "main.ts", "web/live". */
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
  { name: "backup", mayImport: ["lib"], pure: false },
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
    mayImport: [
      "registry",
      "state/topics.ts",
      "agent",
      "cluster",
      "ports",
      "doctor",
      "client/http.ts",
      "acl",
      "wire",
      "model",
      "lib",
    ],
    pure: false,
    testsMayImport: ["engine"],
  },
  {
    name: "keeper",
    // From http, keeper imports only the listeners, the audit log, and a request's path, token and cause.
    mayImport: [
      ...["registry", "state/topics.ts", "agent", "ports"],
      ...["http/audit.ts", "http/cause.ts", "http/server.ts", "http/sent-path.ts", "http/sent-token.ts", "acl"],
      ...["wire", "model", "lib"],
    ],
    pure: false,
    testsMayImport: ["engine"],
  },
  { name: "dns", mayImport: ["registry", "state/topics.ts", "model", "lib"], pure: false, testsMayImport: ["engine"] },
  { name: "client", mayImport: ["wire", "model", "lib"], pure: false },
  // The rules of praetor doctor, for the command and for the agent that examines itself.
  { name: "doctor", mayImport: ["client", "config/consul-folder.ts", "acl", "model", "lib"], pure: false },
  { name: "edgex", mayImport: ["client", "config", "model", "lib"], pure: false },
  {
    name: "cli",
    // From the state, cli imports only the reader of snapshot files, and from the engine only the check of a store that
    // no agent has open.
    mayImport: [
      ...[
        "edgex",
        "doctor",
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
      ...["agent", "backup", "bus", "checks", "cluster", "config", "dns", "engine", "http", "keeper", "link", "ports"],
      ...["registry", "state", "wire", "model", "lib", "web-files.ts"],
    ],
    pure: false,
  },
  // In the executable, another module with the same export takes the place of this one.
  { name: "web-files.ts", mayImport: ["http/web-files.ts", "scripts/web/bundle-web.ts"], pure: false },
  { name: "commands.ts", mayImport: ["*"], pure: false },
  { name: "program.ts", mayImport: ["*"], pure: false },
  { name: "main.ts", mayImport: ["*"], pure: false },
  // The browser UI may import the types of wire, and nothing else of the agent: layers.test.ts checks that.
  { name: "web/live", mayImport: ["wire"], pure: false },
  { name: "web/parts", mayImport: ["web/live", "wire"], pure: false },
  { name: "web/shell", mayImport: ["web/live", "web/parts", "wire"], pure: false },
  { name: "web/screens", mayImport: ["web/live", "web/parts", "web/shell", "wire"], pure: false },
  { name: "web/styles", mayImport: [], pure: false },
  { name: "web/main.tsx", mayImport: ["web/live", "web/shell", "web/screens"], pure: false },
];
