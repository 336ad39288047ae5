import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readConsulFolder } from "./consul-folder.ts";

const root = mkdtempSync(join(tmpdir(), "consul-folder-"));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;

function folder(files: Readonly<Record<string, string>>): string {
  folders += 1;
  const path = join(root, String(folders));
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

const id = "6a0f2e5c-7a1b-4c3d-9e8f-0123456789ab";

describe("a data folder", () => {
  test.each([
    [
      "of a server",
      { "raft/raft.db": "", "serf/local.snapshot": "", "node-id": `${id}\n` },
      { nodeId: id, holdsState: true },
    ],
    ["of a client", { "serf/local.snapshot": "", "node-id": id.toUpperCase() }, { nodeId: id, holdsState: true }],
    ["with its id alone", { "node-id": id }, { nodeId: id, holdsState: false }],
    ["with a damaged id", { "node-id": "\0\0\0", "raft/raft.db": "" }, { nodeId: undefined, holdsState: true }],
    ["of Praetor", { "praetor.db": "" }, { nodeId: undefined, holdsState: false }],
  ])("%s is recognized by its files, which show whether Consul used it", (_, files, expected) => {
    expect(readConsulFolder(folder(files))).toEqual(expected);
  });

  test("that does not exist has neither node id nor Consul's state", () => {
    expect(readConsulFolder(join(root, "nowhere"))).toEqual({ nodeId: undefined, holdsState: false });
  });
});
