import { describe, expect, test } from "bun:test";
import { del, differs, expectTrue, get, keyFolder, put, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

/** Formats a string as JSON like Go's encoding/json. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[&<>]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`);
}

describe("a key in the path", () => {
  test.each([
    ["a+b", "a+b"],
    ["a;b", "a;b"],
    ["a&b", "a&b"],
    ["a=b", "a=b"],
    ["a:b", "a:b"],
    ["a@b", "a@b"],
    ["a,b", "a,b"],
    ["a$b", "a$b"],
    ["a!b*'()~", "a!b*'()~"],
    ["a|b^[c]{d}", "a|b^[c]{d}"],
    ['a"b', 'a"b'],
    ["a%20b", "a b"],
    ["a%2Fb", "a/b"],
    ["a%2fb", "a/b"],
    ["a%25b", "a%b"],
    ["a%2520b", "a%20b"],
    ["a%3Fb", "a?b"],
    ["a%23b", "a#b"],
    ["a%2Bb", "a+b"],
    ["a%3Cb%3E", "a<b>"],
    ["a%5Cb", "a\\b"],
    ["%C3%A9%E2%82%AC%F0%9F%8C%A1", "é€🌡"],
    ["device%3Bprofile/Driver/x", "device;profile/Driver/x"],
    ["a.b", "a.b"],
    ["...", "..."],
    ["_-0", "_-0"],
    ["trailing/", "trailing/"],
    ["deep/er/than/that/", "deep/er/than/that/"],
  ])("written as %s names the key %j", async (path, key) => {
    const folder = keyFolder();
    expectTrue(await put(`/v1/kv/${folder}${path}`, "v"));
    expect((await get(`/v1/kv/${folder}?keys`)).text).toBe(`[${quoted(`${folder}${key}`)}]`);
    expect((await get(`/v1/kv/${folder}${path}?raw`)).text).toBe("v");
    expectTrue(await del(`/v1/kv/${folder}${path}`));
    expect((await get(`/v1/kv/${folder}?keys`)).status).toBe(404);
  });

  test.each(["a%zz", "a%2", "%"])("with a broken escape is refused: %s", async (path) => {
    const answer = await put(`/v1/kv/${keyFolder()}${path}`, "v");
    expect(answer.status).toBe(400);
  });

  test.each(["a//b", "a/./b", "a/../b", "a/%2E%2E/b", "%2Fa", "a/.."])(
    "with empty or dotted parts is redirected to the cleaned path by Consul, and may be kept unchanged by Praetor: %s",
    async (path) => {
      const folder = keyFolder();
      const answer = await put(`/v1/kv/${folder}${path}`, "v");
      const reason = "a redirected PUT comes back as a GET; keeping the key is what its writer meant";
      if (differs("praetor", reason) && answer.status === 200) expect(answer.text).toBe("true");
      else expect(answer.status).toBe(301);
    },
  );

  test.each(["a%0Ab", "a%09b", "%00", "a%7Fb", "a%C2%A0b"])(
    "with an unprintable character is refused: %s",
    async (path) => {
      const answer = await put(`/v1/kv/${keyFolder()}${path}`, "v");
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 400, text: "" });
    },
  );

  test("is listed in the order of the bytes of its name", async () => {
    const folder = keyFolder();
    for (const key of ["b", "B", "a", "é", "Z", "0", "a/b", "a-b", "a0", "~"]) {
      await put(`/v1/kv/${folder}${encodeURIComponent(key)}`, "v");
    }
    const listed = (await get(`/v1/kv/${folder}?keys`)).json as string[];
    expect(listed.map((key) => key.slice(folder.length))).toEqual([
      ...["0", "B", "Z", "a", "a-b", "a/b", "a0", "b", "~", "é"],
    ]);
  });

  test("may be 2000 bytes long", async () => {
    const folder = keyFolder();
    const key = "k".repeat(2_000);
    expectTrue(await put(`/v1/kv/${folder}${key}`, "v"));
    expect((await get(`/v1/kv/${folder}?keys`)).json).toEqual([`${folder}${key}`]);
  });

  test("whose name begins with a folder's name is not in that folder", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}core-data-x/a`, "v");
    expect((await get(`/v1/kv/${folder}core-data/?keys=`)).status).toBe(404);
  });
});
