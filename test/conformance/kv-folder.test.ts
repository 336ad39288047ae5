import { describe, expect, test } from "bun:test";
import { del, get, keyFolder, put, sharedTarget, masked, expectTrue } from "../support/conformance.ts";
import { entryText, modifyIndex, type Pair } from "../support/kv-pair.ts";

await sharedTarget();

async function keysOf(path: string): Promise<readonly string[]> {
  return (await get(path)).json as string[];
}

describe("a folder", () => {
  async function filled(): Promise<string> {
    const folder = keyFolder();
    for (const key of ["x/a", "x/b/1", "x/b/2", "x/", "x/c", "x2/q"]) await put(`/v1/kv/${folder}${key}`, key);
    return folder;
  }

  test.each([
    ["x?keys", ["x/", "x/a", "x/b/1", "x/b/2", "x/c", "x2/q"]],
    ["x/?keys", ["x/", "x/a", "x/b/1", "x/b/2", "x/c"]],
    ["x/?keys=false", ["x/", "x/a", "x/b/1", "x/b/2", "x/c"]],
    ["x/?keys&recurse", ["x/", "x/a", "x/b/1", "x/b/2", "x/c"]],
    ["x/?keys&raw", ["x/", "x/a", "x/b/1", "x/b/2", "x/c"]],
    ["x/?keys&separator=", ["x/", "x/a", "x/b/1", "x/b/2", "x/c"]],
    ["x/?keys&separator=/", ["x/", "x/a", "x/b/", "x/c"]],
    ["?keys&separator=/", ["x/", "x2/"]],
    ["x?keys&separator=/", ["x/", "x2/"]],
    ["x/b?keys&separator=/", ["x/b/"]],
    ["x/b/?keys&separator=/", ["x/b/1", "x/b/2"]],
    ["x/?keys&separator=b/", ["x/", "x/a", "x/b/", "x/c"]],
    ["x/?separator=/&keys", ["x/", "x/a", "x/b/", "x/c"]],
  ])("lists the keys below it at %s", async (path, expected) => {
    const folder = await filled();
    expect(await keysOf(`/v1/kv/${folder}${path}`)).toEqual(expected.map((key) => `${folder}${key}`));
  });

  test.each(["x/?recurse", "x/?recurse=true", "x/?recurse=false", "x/?recurse&raw"])(
    "returns all entries below it at %s",
    async (path) => {
      const folder = await filled();
      const keys = ["x/", "x/a", "x/b/1", "x/b/2", "x/c"];
      const answer = await get(`/v1/kv/${folder}${path}`);
      expect(masked(answer.text)).toBe(`[${keys.map((key) => entryText(`${folder}${key}`, key)).join(",")}]`);
      expect(answer.header("Content-Type")).toBe("application/json");
    },
  );

  test("has the highest index of the keys in it, whatever the indexes of keys outside of it", async () => {
    const folder = await filled();
    const highest = await modifyIndex(`${folder}x/c`);
    expect((await get(`/v1/kv/${folder}x/?recurse`)).index).toBe(highest);
    expect((await get(`/v1/kv/${folder}x/?keys`)).index).toBe(highest);
    expect((await get(`/v1/kv/${folder}x?recurse`)).index).toBeGreaterThan(highest);
  });

  test("is a text prefix: without its final slash it includes names that begin with the same text", async () => {
    const folder = await filled();
    const pairs = (await get(`/v1/kv/${folder}x?recurse=true`)).json as Pair[];
    expect(pairs.map(({ Key }) => Key)).toContain(`${folder}x2/q`);
  });

  test("may itself be a key", async () => {
    const folder = await filled();
    expect((await get(`/v1/kv/${folder}x/?raw`)).text).toBe("x/");
    expect((await get(`/v1/kv/${folder}x`)).status).toBe(404);
  });

  test.each(["?keys", "?recurse", "?keys&separator=/"])("without keys is a 404 at %s", async (query) => {
    const answer = await get(`/v1/kv/${keyFolder()}none/${query}`);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 404, text: "" });
    expect(answer.index).toBeGreaterThan(0);
  });

  test("is deleted with all of its keys, and no key outside of it is deleted", async () => {
    const folder = await filled();
    expectTrue(await del(`/v1/kv/${folder}x/?recurse`));
    expect(await keysOf(`/v1/kv/${folder}?keys`)).toEqual([`${folder}x2/q`]);
    expectTrue(await del(`/v1/kv/${folder}x/?recurse`));
  });

  test("keeps its keys when the key with the folder's name is deleted", async () => {
    const folder = await filled();
    expectTrue(await del(`/v1/kv/${folder}x/`));
    expect(await keysOf(`/v1/kv/${folder}x/?keys`)).toHaveLength(4);
  });

  test("with the empty name lists every key", async () => {
    const folder = await filled();
    expect(await keysOf("/v1/kv/?keys&separator=/")).toContain(folder);
    expect((await get("/v1/kv/?recurse")).text).toContain(`"Key":"${folder}x/a"`);
  });
});
