import { expect, onTestFinished, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rejectionOf } from "../../test/support/rejection.ts";
import type { Membership } from "../cluster/formation/saved-formation.ts";
import { openSqliteEngine } from "../engine/sqlite/sqlite-engine.ts";
import { systemClock } from "../lib/clock.ts";
import { openRecovery } from "./recovery.ts";

const member: Membership = {
  ...{ stage: "member", token: "t", attempt: "a", members: ["1", "2"], state: "new", founder: "" },
  ...{ isNew: false, raftId: "7" },
};

/** Creates the data folder of an agent with this saved formation. */
async function folderWith(formation?: object): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "recovery-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { engine } = await openSqliteEngine({ folder });
  const rows = { "node-id": "1", ...(formation && { "cluster/formation": JSON.stringify(formation) }) };
  const changes = Object.entries(rows).map(([key, value]) => ({ table: "local", key, value: Buffer.from(value) }));
  await engine.commit({ revision: 6, changes });
  await engine.close();
  return folder;
}

async function refusalOf(folder: string): Promise<string> {
  const error = await rejectionOf(openRecovery(folder, systemClock));
  expect(error).toMatchObject({ code: "recovery-refused" });
  expect(error.message).toEndWith("Nothing was changed");
  return error.message;
}

test("a folder without an agent's data is not recovered, and stays as it is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "recovery-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(await refusalOf(join(folder, "none"))).toContain("no agent has its data");
  expect(existsSync(join(folder, "none"))).toBe(false);
});

test("the folder of a client agent or of a server that stood alone is not recovered", async () => {
  expect(await refusalOf(await folderWith())).toContain("is not the folder of a server of a cluster");
  expect(await refusalOf(await folderWith({ start: 1, known: [] }))).toContain("is not the folder of a server");
});

test("a server that is no voter yet, or whose etcd has no data, is not recovered", async () => {
  for (const stage of ["decided", "begun", "lost", "member"] as const)
    expect(await refusalOf(await folderWith({ start: 1, membership: { ...member, stage } }))).toContain(
      "was not taken into its cluster yet, or has lost its data",
    );
});

test("a server that was recovered and not started yet is not recovered again", async () => {
  const membership = { ...member, stage: "decided", members: ["1"], founder: "1" };
  expect(await refusalOf(await folderWith({ start: 1, membership, givenUp: ["s"] }))).toContain("recovered already");
});

test("no server is recovered while a program answers at the address of another one", async () => {
  using other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const known = [{ id: "2", name: "gw2", address: "127.0.0.1", port: other.port, start: 1 }];
  const folder = await folderWith({ start: 1, membership: member, known });
  mkdirSync(join(folder, "etcd/data"), { recursive: true });
  expect(await refusalOf(folder)).toContain(`answers at 127.0.0.1:${other.port}, the address of the server gw2`);
});

test("no server is recovered while its agent runs", async () => {
  const folder = await folderWith({ start: 1, membership: member });
  const { engine } = await openSqliteEngine({ folder });
  onTestFinished(() => engine.close());
  expect(await rejectionOf(openRecovery(folder, systemClock))).toMatchObject({ code: "data-locked" });
});
