import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { lstat, mkdtemp, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FolderChange, type ManagedFile, updateFolder } from "./managed-folder.ts";

let path = "";

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "managed-"));
});

afterEach(async () => {
  await rm(path, { recursive: true });
});

const link = { name: "health", linkTo: "/usr/local/bin/praetor" };
const nothing: FolderChange = { removed: [], keptChanged: [], keptOwn: [] };

function update(...files: readonly ManagedFile[]): Promise<FolderChange> {
  return updateFolder({ path, files, fileMode: 0o755 });
}

/** A file that docker-edgex-consul 1.2.0 wrote: it is indented by four blanks and has no final newline. */
const ofEarlierImage = { name: "00-consul.json", content: '{\n    "enable_local_script_checks": true\n}' };

async function put({ name, content }: { readonly name: string; readonly content: string }): Promise<void> {
  await writeFile(join(path, name), content, "latin1");
}

async function content(name: string): Promise<string> {
  return await readFile(join(path, name), "utf8");
}

describe("a symbolic link in a managed folder", () => {
  test("is created, kept if it is correct, and replaced when the program has moved", async () => {
    expect(await update(link)).toEqual(nothing);
    const { ino } = await lstat(join(path, "health"));
    await update(link);
    expect((await lstat(join(path, "health"))).ino).toBe(ino);
    expect(await update({ ...link, linkTo: "/opt/praetor" })).toEqual(nothing);
    expect(await readlink(join(path, "health"))).toBe("/opt/praetor");
  });

  test("replaces the program of the same name that docker-edgex-consul left", async () => {
    await put({ name: "health", content: "\x7FELF\x02\x01\x01" });
    expect(await update(link)).toEqual(nothing);
    expect(await readlink(join(path, "health"))).toBe(link.linkTo);
  });

  test("does not replace an operator's script or link", async () => {
    await put({ name: "health", content: "#!/bin/sh\n" });
    expect(await update(link)).toEqual({ ...nothing, keptOwn: ["health"] });
    expect(await content("health")).toBe("#!/bin/sh\n");
    await rm(join(path, "health"));
    await symlink("/bin/true", join(path, "health"));
    expect(await update(link)).toEqual({ ...nothing, keptOwn: ["health"] });
  });

  test("is removed when the current run does not need it", async () => {
    await update(link);
    expect(await update()).toEqual({ ...nothing, removed: ["health"] });
  });
});

describe("a file in a managed folder", () => {
  test("that docker-edgex-consul wrote is replaced if the current run needs its name, and removed otherwise", async () => {
    await put(ofEarlierImage);
    expect(await update({ ...ofEarlierImage, content: "{}" })).toEqual(nothing);
    expect(await content("00-consul.json")).toBe("{}");
    await put(ofEarlierImage);
    expect(await update()).toEqual({ ...nothing, removed: ["00-consul.json"] });
  });

  test("that an operator wrote is kept and reported at each start, until the operator removes it", async () => {
    const wanted = { name: "02-kong.json", content: "{}" };
    await put({ name: "02-kong.json", content: '{"service":{"name":"kong"}}' });
    expect(await update(wanted)).toEqual({ ...nothing, keptOwn: ["02-kong.json"] });
    expect(await update(wanted)).toEqual({ ...nothing, keptOwn: ["02-kong.json"] });
    expect(await content("02-kong.json")).toContain("kong");
    await rm(join(path, "02-kong.json"));
    expect(await update(wanted)).toEqual(nothing);
    expect(await content("02-kong.json")).toBe("{}");
  });

  test("that an earlier run wrote is replaced by the file of the current run", async () => {
    await update({ name: "a.json", content: "1" });
    expect(await update({ name: "a.json", content: "2" })).toEqual(nothing);
    expect(await content("a.json")).toBe("2");
  });
});
