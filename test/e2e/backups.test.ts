import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { mountSmallDisk } from "../support/small-disk.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

interface Place {
  readonly dataDir: string;
  readonly folder: string;
}

function newPlace(name: string): Place {
  return { dataDir: join(sandbox.folder, `${name}-data`), folder: join(sandbox.folder, `${name}-backups`) };
}

/** Starts an agent that makes backups. @param fields further fields of the block */
async function start({ dataDir, folder }: Place, fields = ""): Promise<AgentProcess> {
  const block = `backup { folder = "${folder}" ${fields} }`;
  const agent = await sandbox.start("-data-dir", dataDir, "-hcl", block);
  await agent.ready();
  return agent;
}

async function stop(agent: AgentProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  agent.signal(signal);
  await agent.ended();
}

function backupsIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".snap"));
}

/** Waits until a folder has so many backups; resolves with their paths, the newest last. */
async function expectBackups(folder: string, count: number): Promise<readonly string[]> {
  await within(10_000, async () => expect(backupsIn(folder)).toHaveLength(count));
  return backupsIn(folder)
    .toSorted()
    .map((name) => join(folder, name));
}

/** Renames a backup to one of earlier, as if the agent had made it then. */
function makeOlder(path: string, days: number): void {
  const stamp = new Date(Date.now() - days * 86_400_000).toISOString().replaceAll(/[:-]|\.\d+/g, "");
  renameSync(path, path.replace(/\d{8}T\d{6}Z/, stamp));
}

async function inspect(path: string): Promise<number> {
  return (await sandbox.run("snapshot", "inspect", path)).code;
}

test("an agent makes a backup when one is due, deletes the old ones, and another agent restores it", async () => {
  const place = newPlace("whole");
  const first = await start(place);
  const [path = ""] = await expectBackups(place.folder, 1);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await stop(first);

  // One that is not due yet leads to no other.
  const again = await start(place);
  await again.send("PUT", "/v1/kv/kept", { body: "value" });
  await stop(again);
  expect(backupsIn(place.folder)).toHaveLength(1);

  makeOlder(path, 3);
  const second = await start(place);
  await expectBackups(place.folder, 2);
  await stop(second);
  for (const [at, each] of (await expectBackups(place.folder, 2)).entries()) makeOlder(each, 9 - at);
  const third = await start(place, 'keep = 2 max_age = "240h"');
  await within(10_000, async () => expect(third.output()).toContain("Saved and verified a backup"));
  const [, newest = ""] = await expectBackups(place.folder, 2);
  const metrics = await third.send("GET", "/v1/agent/metrics");
  const { Gauges: gauges } = metrics.json as { readonly Gauges: readonly { Name: string; Value: number }[] };
  const gauge = (name: string) => gauges.find((each) => each.Name === name)?.Value;
  expect(gauge("praetor.backup.failed")).toBe(0);
  expect(gauge("praetor.backup.age")).toBeLessThan(3_600);
  await stop(third);

  const other = await sandbox.start("-dev");
  await other.ready();
  expect((await sandbox.run("snapshot", "restore", `-http-addr=${other.url}`, newest)).code).toBe(0);
  expect((await other.send("GET", "/v1/kv/kept?raw")).text).toBe("value");
  await stop(other);
});

test("an agent without the block makes none", async () => {
  const { dataDir, folder } = newPlace("none");
  mkdirSync(folder);
  const agent = await sandbox.start("-data-dir", dataDir);
  await agent.ready();
  const { text } = await agent.send("GET", "/v1/agent/metrics");
  expect(text).not.toContain("praetor.backup");
  await stop(agent);
  expect(readdirSync(folder)).toEqual([]);
});

test("a kill in the middle of a backup leaves no half file that is named as a good one", async () => {
  const place = newPlace("killed");
  const filling = await sandbox.start("-data-dir", place.dataDir);
  await filling.ready();
  // Random bytes, which gzip cannot shorten, so that the file is written for a while.
  for (let key = 0; key < 40; key += 1) {
    const body = crypto.getRandomValues(new Uint8Array(64 * 1024)).toBase64();
    for (let copy = 0; copy < 5; copy += 1) await filling.send("PUT", `/v1/kv/large/${key}/${copy}`, { body });
  }
  await stop(filling);
  const isHalf = (name: string): boolean => name.startsWith(".node1.");
  let midway = 0;
  for (let kill = 0; kill < 4; kill += 1) {
    rmSync(place.folder, { recursive: true, force: true });
    mkdirSync(place.folder);
    const agent = await sandbox.start("-data-dir", place.dataDir, "-hcl", `backup { folder = "${place.folder}" }`);
    // Each kill comes at another moment between the first byte and the new name.
    await within(20_000, async () => expect(readdirSync(place.folder).length).toBeGreaterThan(0));
    for (let turn = 0; turn < kill * 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await stop(agent, "SIGKILL");
    midway += readdirSync(place.folder).some(isHalf) ? 1 : 0;
    for (const name of backupsIn(place.folder)) expect(await inspect(join(place.folder, name))).toBe(0);
  }
  expect(midway).toBeGreaterThan(0);
  const agent = await start(place);
  const [path = ""] = await expectBackups(place.folder, 1);
  expect(await inspect(path)).toBe(0);
  expect(readdirSync(place.folder).filter(isHalf)).toEqual([]);
  await stop(agent);
});

test("a full disk fails the backup and nothing else, and doctor reports it", async () => {
  const disk = mountSmallDisk("1m");
  // Only root may mount; a folder that is a file refuses the backup, too.
  const place = { ...newPlace("full"), folder: disk?.folder ?? join(sandbox.folder, "a-file") };
  if (disk) disk.fill();
  else writeFileSync(place.folder, "");
  try {
    const agent = await start(place);
    await within(10_000, async () => expect(agent.output()).toContain("The backup failed"));
    expect(agent.output()).toMatch(
      /The backup failed: folder=\S+ error=".*(no space left|exists|not a directory).*" retry_in=1m0s/,
    );
    expect((await agent.send("PUT", "/v1/kv/a", { body: "1" })).status).toBe(200);
    const doctor = await sandbox.run("doctor", `-http-addr=${agent.url}`);
    expect(doctor.output).toContain(`backup-failed  node node1, folder ${place.folder}\n`);
    expect(doctor.output).toContain("The last backup failed. There is no good one.");
    await stop(agent);
    if (disk) disk.empty();
    else rmSync(place.folder);
    const next = await start(place);
    await expectBackups(place.folder, 1);
    await stop(next);
  } finally {
    disk?.unmount();
  }
});

test("a program takes each backup, and one that fails gets it again, also from the next agent", async () => {
  const place = newPlace("program");
  const [program, copy] = [join(sandbox.folder, "take"), join(sandbox.folder, "copy")];
  const write = (text: string): void => {
    writeFileSync(program, `#!/bin/sh\n${text}\n`);
    chmodSync(program, 0o700);
  };
  write("echo the store is away >&2; exit 1");
  const block = `program = ["${program}", "${copy}"]`;
  const first = await start(place, block);
  await within(10_000, async () => expect(first.output()).toContain("exit status 1; it said: the store is away"));
  expect(readdirSync(place.folder)).toEqual([expect.stringMatching(/^node1\.\d{8}T\d{6}Z\.snap\.unsent$/)]);
  await stop(first);
  write('cat >"$1" && echo "$PRAETOR_BACKUP" >"$1.name"');
  const second = await start(place, block);
  const [path = ""] = await expectBackups(place.folder, 1);
  expect(readFileSync(copy).equals(readFileSync(path))).toBe(true);
  expect(join(place.folder, readFileSync(`${copy}.name`, "utf8").trim())).toBe(path);
  expect(await inspect(copy)).toBe(0);
  await stop(second);
});

test.each([
  ["keep = 3", "backup.folder is missing"],
  ['folder = "b" interval = "30s"', 'backup.interval must be 1m or more, as in "24h"'],
  ['folder = "b" keep = 0', "backup.keep cannot be 0. Must be 1 or more"],
  ['folder = "b" max_age = "-1h"', "backup.max_age cannot be below 0"],
  ['folder = "b" program = []', "backup.program names no program"],
  ['folder = "b" every = "1h"', "invalid config key backup.every"],
])("praetor validate refuses backup { %s }", async (fields, message) => {
  const path = join(sandbox.folder, "agent.hcl");
  writeFileSync(path, `server = true data_dir = "${sandbox.folder}/d" bootstrap = true backup { ${fields} }`);
  const { code, output } = await sandbox.run("validate", path);
  expect(code).toBe(1);
  expect(output).toContain(message);
});
