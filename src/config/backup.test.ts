import { describe, expect, test } from "bun:test";
import { loadConfig } from "./load.ts";

function load(hcl: string, ...args: readonly string[]) {
  return loadConfig({
    args: ["-data-dir", "/tmp", "-bind", "127.0.0.1", "-hcl", hcl, ...args],
    ...{ env: {}, hostname: "gateway-7", interfaces: () => [] },
  });
}

describe("scheduled backups", () => {
  test("are off without a field of the block", () => {
    expect(load("", "-server").backup).toBeUndefined();
  });

  test("are made daily, and a week of them is kept, if only the folder is given", () => {
    expect(load('backup { folder = "/backups" }', "-server").backup).toEqual({
      ...{ folder: "/backups", intervalMs: 24 * 3_600_000, keep: 7, maxAgeMs: 0, program: [] },
    });
  });

  test("have each field of the block", () => {
    const block = 'folder = "b" interval = "90m" keep = 2 max_age = "720h" program = ["/bin/take", "it"]';
    expect(load(`backup { ${block} }`, "-server").backup).toEqual({
      ...{ folder: "b", intervalMs: 90 * 60_000, keep: 2, maxAgeMs: 720 * 3_600_000, program: ["/bin/take", "it"] },
    });
  });

  test("are not made by a client agent, which warns", () => {
    const { warnings } = load('backup { folder = "/backups" }', "-retry-join", "192.0.2.7");
    expect(warnings.join()).toContain("backup.folder has no effect on a client agent: only servers make backups");
  });
});
