import { expect, onTestFinished, test } from "bun:test";
import { unique } from "../support/conformance.ts";
import { npmConsul, refusalOf } from "../support/npm-consul.ts";

const consul = await npmConsul();
const { kv } = consul;
/** The package's result when the agent answers `false`. */
const refused = undefined as never;

/** Returns the name of a new folder of keys, which ends in "/". The package's client deletes the folder after the test. */
function folder(): string {
  const name = `${unique("npm")}/`;
  onTestFinished(async () => void (await kv.del({ key: name, recurse: true })));
  return name;
}

async function session(): Promise<string> {
  const { ID } = await consul.session.create({ lockdelay: "0s" });
  onTestFinished(async () => void (await consul.session.destroy(ID)));
  return ID;
}

test("a value that was set is read decoded, with its flags and indexes", async () => {
  const key = `${folder()}a`;
  expect(await kv.set(key, "grün")).toBe(true);
  const first = await kv.get(key);
  expect(first).toEqual({
    LockIndex: 0,
    Key: key,
    Flags: 0,
    Value: "grün",
    CreateIndex: expect.any(Number),
    ModifyIndex: first?.CreateIndex ?? 0,
  });
  expect(await kv.set({ key, value: "blue", flags: 42 })).toBe(true);
  const second = await kv.get(key);
  expect(second).toMatchObject({ Flags: 42, Value: "blue", CreateIndex: first?.CreateIndex ?? 0 });
  expect(second?.ModifyIndex).toBeGreaterThan(first?.ModifyIndex ?? Infinity);
});

test("kv.get returns undefined for a missing key", async () => {
  expect(await kv.get(`${folder()}nothing`)).toBeUndefined();
});

test("a value of any bytes is read back unchanged", async () => {
  const key = `${folder()}bytes`;
  const bytes = Buffer.from([0, 255, 10, 128]);
  await kv.set(key, bytes);
  expect(await kv.get({ key, raw: true })).toEqual(bytes as never);
});

test("an empty value is read as null", async () => {
  const key = `${folder()}empty`;
  await kv.set(key, "");
  expect((await kv.get(key))?.Value ?? "").toBe("");
});

test("a key with spaces, a colon and a letter beyond ASCII is found under its name", async () => {
  const key = `${folder()}Größe: 5 % + x`;
  await kv.set(key, "1");
  expect(await kv.keys(key)).toEqual([key]);
  expect((await kv.get(key))?.Key).toBe(key);
});

test("kv.keys lists the keys of a folder, and with a separator only the folder's next level", async () => {
  const name = folder();
  for (const key of ["a", "b/c", "b/d", "e"]) await kv.set(`${name}${key}`, "1");
  expect(await kv.keys(name)).toEqual(["a", "b/c", "b/d", "e"].map((key) => `${name}${key}`));
  expect(await kv.keys({ key: name, separator: "/" })).toEqual(["a", "b/", "e"].map((key) => `${name}${key}`));
});

test("kv.keys of a missing folder is an error", async () => {
  expect(await refusalOf(kv.keys(`${folder()}nothing/`))).toEqual({ status: 404, body: undefined });
});

test("kv.get with recurse lists the entries of a folder in order of their keys", async () => {
  const name = folder();
  for (const key of ["z", "a"]) await kv.set(`${name}${key}`, `value of ${key}`);
  const found = await kv.get({ key: name, recurse: true });
  expect(found).toMatchObject([
    { Key: `${name}a`, Value: "value of a" },
    { Key: `${name}z`, Value: "value of z" },
  ]);
});

test("kv.set with cas writes only if the entry has not changed since it was read", async () => {
  const key = `${folder()}cas`;
  expect(await kv.set({ key, value: "1", cas: 0 })).toBe(true);
  expect(await kv.set({ key, value: "2", cas: 0 })).toBe(refused);
  const seen = await kv.get(key);
  expect(await kv.set({ key, value: "3", cas: seen?.ModifyIndex ?? 0 })).toBe(true);
  expect(await kv.set({ key, value: "4", cas: seen?.ModifyIndex ?? 0 })).toBe(refused);
  expect((await kv.get(key))?.Value).toBe("3");
});

test("a key is locked by one session at a time, and its entry shows that session", async () => {
  const key = `${folder()}lock`;
  const [holder, other] = [await session(), await session()];
  expect(await kv.set({ key, value: "mine", acquire: holder })).toBe(true);
  expect(await kv.set({ key, value: "yours", acquire: other })).toBe(refused);
  expect(await kv.set({ key, value: "yours", release: other })).toBe(refused);
  expect(await kv.get(key)).toMatchObject({ Value: "mine", Session: holder, LockIndex: 1 });
  expect(await kv.set({ key, value: "left", release: holder })).toBe(true);
  expect(await kv.get(key)).toMatchObject({ Value: "left", LockIndex: 1 });
  expect(await kv.get(key)).not.toHaveProperty("Session");
  expect(await kv.set({ key, value: "yours", acquire: other })).toBe(true);
  expect(await kv.get(key)).toMatchObject({ Value: "yours", Session: other, LockIndex: 2 });
});

test("an unknown session cannot lock a key, and the error names the reason", async () => {
  const nobody = "11111111-2222-3333-4444-555555555555";
  expect(await refusalOf(kv.set({ key: `${folder()}lock`, value: "x", acquire: nobody }))).toEqual({
    status: 500,
    body: `invalid session "${nobody}"`,
  });
});

test("kv.del removes one key, with recurse all keys with a prefix, and with cas a key only if it is unchanged", async () => {
  const name = folder();
  for (const key of ["a", "b", "b/c", "d"]) await kv.set(`${name}${key}`, "1");
  expect(await kv.del(`${name}a`)).toBe(true);
  expect(await kv.del(`${name}a`)).toBe(true);
  expect(await kv.keys(name)).toEqual(["b", "b/c", "d"].map((key) => `${name}${key}`));
  expect(await kv.del({ key: `${name}b`, recurse: true })).toBe(true);
  expect(await kv.keys(name)).toEqual([`${name}d`]);
  expect(await kv.del({ key: `${name}d`, cas: 1 })).toBe(refused);
  const seen = await kv.get(`${name}d`);
  expect(await kv.del({ key: `${name}d`, cas: seen?.ModifyIndex ?? 0 })).toBe(true);
  expect(await kv.get(`${name}d`)).toBeUndefined();
});

test("a value over the size limit is refused with a reason", async () => {
  expect(await refusalOf(kv.set(`${folder()}big`, "x".repeat(512 * 1024 + 1)))).toEqual({
    status: 413,
    body: expect.stringContaining("Request body(524289 bytes) too large, max size: 524288 bytes."),
  });
});
