import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rejectionOf } from "../../../test/support/rejection.ts";
import { findEtcd } from "./etcd-program.ts";

const folder = mkdtempSync(join(tmpdir(), "etcd-program-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a program that prints the text, as etcd prints its version. */
function program(text: string): string {
  const path = join(folder, crypto.randomUUID());
  writeFileSync(path, `#!/bin/sh\ncat <<END\n${text}\nEND\n`, { mode: 0o755 });
  return path;
}

const printed = (version: string): string => `etcd Version: ${version}\nGit SHA: 1234567\nGo Version: go1.19.8`;

for (const [version, parts] of [
  ["3.4.23", [3, 4, 23]],
  ["3.4.30", [3, 4, 30]],
  ["3.5.3", [3, 5, 3]],
  ["3.5.16+dfsg", [3, 5, 16]],
  ["3.6.0", [3, 6, 0]],
] as const)
  test(`etcd ${version} is accepted`, async () => {
    const path = program(printed(version));
    expect(await findEtcd(path)).toEqual({ path, version: [...parts] });
  });

for (const version of ["2.3.8", "3.3.25", "3.4.22", "3.5.0", "3.5.1", "3.5.2"])
  test(`etcd ${version} is refused, with what to install instead`, async () => {
    const path = program(printed(version));
    const error = await rejectionOf(findEtcd(path));
    expect(error).toMatchObject({ kind: "unavailable", code: "etcd-version" });
    expect(error.message).toMatch(
      /is etcd \d.* Install etcd 3\.4\.23 or newer, but none of 3\.5\.0 to 3\.5\.2 \(on Debian: apt-get install etcd-server\)$/,
    );
    expect(error.message).toContain(`${path} is etcd ${version}, `);
  });

test("a machine without etcd gets an error that says what to install", async () => {
  expect(await rejectionOf(findEtcd("no-such-etcd"))).toMatchObject({
    kind: "unavailable",
    code: "etcd-missing",
    message:
      "servers that share their data need the program etcd, and no-such-etcd is not on PATH. Install etcd 3.4.23 or newer, but " +
      "none of 3.5.0 to 3.5.2 (on Debian: apt-get install etcd-server)",
  });
});

test("a path that is no program gets an error that says so", async () => {
  const { message } = await rejectionOf(findEtcd("/nosuch/etcd"));
  expect(message).toContain("and /nosuch/etcd is no program. Install");
});

test("a program that is no etcd is refused with what it prints", async () => {
  const error = await rejectionOf(findEtcd(program("usage: something else")));
  expect(error).toMatchObject({ code: "etcd-version" });
  expect(error.message).toContain("--version does not print a version of etcd: usage: something else. Install");
});
