import { afterAll, expect, test } from "bun:test";
import { existsSync, renameSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { openSandbox } from "../support/agent-process.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

test("an operator who follows the agent's message about a damaged file restores the state", async () => {
  const data = join(sandbox.folder, "data");
  const snapshot = join(sandbox.folder, "backup.snap");
  const agent = await sandbox.start("-data-dir", data);
  await agent.ready();
  await agent.send("PUT", "/v1/kv/edgex/a", { body: "kept" });
  const address = `-http-addr=${new URL(agent.url).host}`;
  expect(await sandbox.run("snapshot", "save", address, snapshot)).toMatchObject({ code: 0 });
  agent.signal("SIGTERM");
  await agent.ended();

  const file = join(data, "praetor.db");
  truncateSync(file, 5_000);
  const damaged = await sandbox.start("-data-dir", data);
  expect(await damaged.ended()).toBe(1);
  expect(damaged.output()).toContain("Then bring a backup back with 'praetor snapshot restore FILE'");
  // The test follows the message: it moves the files away, and starts the agent without data.
  const named = ["", "-wal", "-shm"].map((suffix) => file + suffix);
  for (const path of named) {
    expect(damaged.output()).toContain(path);
    if (existsSync(path)) renameSync(path, `${path}.damaged`);
  }
  const empty = await sandbox.start("-data-dir", data);
  await empty.ready();
  const again = `-http-addr=${new URL(empty.url).host}`;
  expect(await sandbox.run("snapshot", "restore", again, snapshot)).toMatchObject({ code: 0 });
  expect(await sandbox.run("kv", "get", again, "edgex/a")).toEqual({ code: 0, output: "kept\n" });
  expect(await sandbox.run("kv", "get", again, "edgex")).toEqual({
    code: 1,
    output:
      "Error! No key exists at: edgex\n" +
      "There are keys below it: 'praetor kv get -keys edgex/' lists them, -recurse shows their values, too.\n",
  });
});
