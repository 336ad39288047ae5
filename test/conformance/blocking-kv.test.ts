import { describe, expect, test } from "bun:test";
import { expectUndisturbed, expectWoken, whileBlocked } from "../support/blocked.ts";
import { del, differs, keyFolder, put, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

describe("a blocking query for a key", () => {
  test("returns when the key is created", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    const woken = await whileBlocked(key, () => put(key, "one"));
    expectWoken(woken);
    expect([woken.before.status, woken.after.status]).toEqual([404, 200]);
  });

  test("returns the new value when the key is updated", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "one");
    const woken = await whileBlocked(`${key}?raw`, () => put(key, "two"));
    expectWoken(woken);
    expect(woken.after.text).toBe("two");
  });

  test("returns when the key's flags change", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "one");
    expectWoken(await whileBlocked(key, () => put(`${key}?flags=1`, "one")));
  });

  test("returns when the key is deleted", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "one");
    const woken = await whileBlocked(key, () => del(key));
    expectWoken(woken);
    expect(woken.after.status).toBe(404);
  });

  test("returns when a folder above the key is deleted", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}sub/a`, "one");
    expectWoken(await whileBlocked(`/v1/kv/${folder}sub/a`, () => del(`/v1/kv/${folder}?recurse`)));
  });

  test("is held through a write of the same value", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "one");
    await expectUndisturbed(key, () => put(key, "one"));
  });

  test("is held through writes of other keys", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}a`, "one");
    await expectUndisturbed(`/v1/kv/${folder}a`, () => put(`/v1/kv/${folder}b`, "x"));
    await expectUndisturbed(`/v1/kv/${folder}a`, () => put(`/v1/kv/${folder}a/b`, "x"));
  });

  test("that is missing is held through writes of other keys", async () => {
    const folder = keyFolder();
    const write = () => put(`/v1/kv/${folder}c`, "x");
    const reason = "wakes for a neighbour in its radix tree";
    if (differs("consul", reason))
      expect((await whileBlocked(`/v1/kv/${folder}none`, write, { wait: "300ms" })).after.status).toBe(404);
    else await expectUndisturbed(`/v1/kv/${folder}none`, write);
  });

  test("is held through a check-and-set that fails", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "one");
    await expectUndisturbed(key, () => put(`${key}?cas=0`, "two"));
  });
});

describe.each(["?recurse", "?keys", "?keys&separator=/"])("a blocking query for a folder with %s", (query) => {
  test("returns when a key in the folder is created, updated and deleted", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}a`, "one");
    expectWoken(await whileBlocked(`/v1/kv/${folder}${query}`, () => put(`/v1/kv/${folder}b/c`, "one")));
    expectWoken(await whileBlocked(`/v1/kv/${folder}${query}`, () => put(`/v1/kv/${folder}b/c`, "two")));
    expectWoken(await whileBlocked(`/v1/kv/${folder}${query}`, () => del(`/v1/kv/${folder}b/c`)));
  });

  test("returns when the first key in the folder is created, and with 404 when the folder's last key is deleted", async () => {
    const folder = keyFolder();
    const path = `/v1/kv/${folder}${query}`;
    expectWoken(await whileBlocked(path, () => put(`/v1/kv/${folder}a`, "one")));
    const woken = await whileBlocked(path, () => del(`/v1/kv/${folder}?recurse`));
    expectWoken(woken);
    expect(woken.after.status).toBe(404);
  });

  test("is held through writes of keys outside of the folder", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}x/a`, "one");
    await expectUndisturbed(`/v1/kv/${folder}x/${query}`, () => put(`/v1/kv/${folder}x2`, "x"));
    await expectUndisturbed(`/v1/kv/${folder}x/${query}`, () => del(`/v1/kv/${folder}x2`));
  });

  test("returns with 404 when the parent of the queried folder is deleted", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}x/a`, "one");
    const woken = await whileBlocked(`/v1/kv/${folder}x/${query}`, () => del(`/v1/kv/${folder}?recurse`), {
      wait: "2s",
    });
    expect(woken.after.status).toBe(404);
    const reason = "misses a recursive delete of a parent and lets the index fall back";
    if (!differs("consul", reason)) expectWoken(woken);
  });
});
