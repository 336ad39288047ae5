import { describe, expect, test } from "bun:test";
import {
  del,
  expectError,
  expectTrue,
  get,
  keyFolder,
  masked,
  put,
  send,
  sharedTarget,
} from "../support/conformance.ts";
import { entryText, modifyIndex, type Pair } from "../support/kv-pair.ts";

await sharedTarget();

describe("a single key", () => {
  test("is returned as a list of one entry", async () => {
    const key = `${keyFolder()}a`;
    expectTrue(await put(`/v1/kv/${key}`, "hello"));
    const answer = await get(`/v1/kv/${key}`);
    expect(masked(answer.text)).toBe(`[${entryText(key, "hello")}]`);
    expect(answer.index).toBe(await modifyIndex(key));
  });

  test("that is missing is a 404 without a body, with an index", async () => {
    const answer = await get(`/v1/kv/${keyFolder()}none`);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 404, text: "" });
    expect(answer.index).toBeGreaterThan(0);
    expect(answer.header("Content-Type")).toBeUndefined();
  });

  test("is returned as its raw bytes with ?raw", async () => {
    const key = `${keyFolder()}a`;
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    await put(`/v1/kv/${key}`, bytes);
    const answer = await get(`/v1/kv/${key}?raw`);
    expect(answer.bytes.equals(bytes)).toBe(true);
    expect(answer.header("Content-Type")).toBe("text/plain");
    expect(answer.header("X-Content-Type-Options")).toBe("nosniff");
    expect(answer.header("Content-Security-Policy")).toBe("sandbox");
    expect(answer.index).toBe(await modifyIndex(key));
  });

  test("can have a value of any bytes", async () => {
    const key = `${keyFolder()}a`;
    const bytes = Buffer.from([0, 255, 128, 10, 13, 0xc3, 0x28]);
    await put(`/v1/kv/${key}`, bytes);
    expect(masked((await get(`/v1/kv/${key}`)).text)).toBe(`[${entryText(key, bytes)}]`);
  });

  test("can have an empty value, which is returned as null", async () => {
    const key = `${keyFolder()}a`;
    expectTrue(await put(`/v1/kv/${key}`));
    const [pair] = (await get(`/v1/kv/${key}`)).json as [Pair];
    expect(pair.Value).toBeNull();
    const raw = await get(`/v1/kv/${key}?raw`);
    expect({ status: raw.status, text: raw.text }).toEqual({ status: 200, text: "" });
  });

  test("has a higher ModifyIndex and the same CreateIndex after its value is overwritten", async () => {
    const key = `${keyFolder()}a`;
    await put(`/v1/kv/${key}`, "one");
    const before = await modifyIndex(key);
    await put(`/v1/kv/${key}`, "two");
    expect(await modifyIndex(key)).toBeGreaterThan(before);
    expect((await get(`/v1/kv/${key}?raw`)).text).toBe("two");
    expect((await get(`/v1/kv/${key}`)).json).toMatchObject([{ CreateIndex: before }]);
  });

  test("that is written with the same value keeps its index", async () => {
    const key = `${keyFolder()}a`;
    await put(`/v1/kv/${key}?flags=3`, "one");
    const before = (await get(`/v1/kv/${key}`)).text;
    expectTrue(await put(`/v1/kv/${key}?flags=3`, "one"));
    expect((await get(`/v1/kv/${key}`)).text).toBe(before);
  });

  test("is missing after a delete, and another delete succeeds", async () => {
    const key = `${keyFolder()}a`;
    await put(`/v1/kv/${key}`, "one");
    expectTrue(await del(`/v1/kv/${key}`));
    expect((await get(`/v1/kv/${key}`)).status).toBe(404);
    expectTrue(await del(`/v1/kv/${key}`));
  });

  test("that is created again starts with new indexes", async () => {
    const key = `${keyFolder()}a`;
    await put(`/v1/kv/${key}`, "one");
    const before = await modifyIndex(key);
    await del(`/v1/kv/${key}`);
    await put(`/v1/kv/${key}`, "one");
    const [pair] = (await get(`/v1/kv/${key}`)).json as [Pair & { CreateIndex: number }];
    expect(pair.CreateIndex).toBeGreaterThan(before);
  });

  test("has no index in the answers to its writes", async () => {
    const key = `${keyFolder()}a`;
    const answer = await put(`/v1/kv/${key}`, "one");
    expect(answer.header("Content-Type")).toBe("application/json");
    expect(answer.header("X-Consul-Index")).toBeUndefined();
  });

  test("can be written with a chunked body of any content type", async () => {
    const key = `${keyFolder()}a`;
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    expectTrue(await send("PUT", `/v1/kv/${key}`, { body: "a=b&c", chunked: true, headers }));
    expect((await get(`/v1/kv/${key}?raw`)).text).toBe("a=b&c");
  });
});

describe("a key's flags", () => {
  test.each(["0", "42", "9007199254740993", "18446744073709551615"])("keep all digits of %s", async (flags) => {
    const key = `${keyFolder()}a`;
    expectTrue(await put(`/v1/kv/${key}?flags=${flags}`, "x"));
    expect(masked((await get(`/v1/kv/${key}`)).text)).toBe(`[${entryText(key, "x", flags)}]`);
  });

  test("become 0 when a write omits them, and the index rises", async () => {
    const key = `${keyFolder()}a`;
    await put(`/v1/kv/${key}?flags=5`, "x");
    const before = await modifyIndex(key);
    await put(`/v1/kv/${key}`, "x");
    expect(masked((await get(`/v1/kv/${key}`)).text)).toBe(`[${entryText(key, "x")}]`);
    expect(await modifyIndex(key)).toBeGreaterThan(before);
  });

  test.each([
    ["18446744073709551616", "value out of range"],
    ["abc", "invalid syntax"],
    ["", "invalid syntax"],
    ["-1", "invalid syntax"],
    ["1.5", "invalid syntax"],
  ])("are refused with the value %j, as is ?cas", async (value, why) => {
    const key = `${keyFolder()}a`;
    const text = `strconv.ParseUint: parsing "${value}": ${why}`;
    expectError(await put(`/v1/kv/${key}?flags=${value}`, "x"), { status: 500, text });
    expectError(await put(`/v1/kv/${key}?cas=${value}`, "x"), { status: 500, text });
    expectError(await del(`/v1/kv/${key}?cas=${value}`), { status: 500, text });
    expect((await get(`/v1/kv/${key}`)).status).toBe(404);
  });
});

describe("a check-and-set", () => {
  test("with index 0 creates a missing key, and does not replace an existing key", async () => {
    const key = `${keyFolder()}a`;
    expectTrue(await put(`/v1/kv/${key}?cas=0`, "one"));
    expect((await put(`/v1/kv/${key}?cas=0`, "two")).text).toBe("false");
    expect((await get(`/v1/kv/${key}?raw`)).text).toBe("one");
  });

  test("with the key's index replaces the value, and with another index does not", async () => {
    const key = `${keyFolder()}a`;
    await put(`/v1/kv/${key}`, "one");
    const index = await modifyIndex(key);
    expect(await put(`/v1/kv/${key}?cas=${index + 1}`, "two")).toMatchObject({ status: 200, text: "false" });
    expectTrue(await put(`/v1/kv/${key}?cas=${index}&flags=7`, "two"));
    expect((await put(`/v1/kv/${key}?cas=${index}`, "three")).text).toBe("false");
    expect(masked((await get(`/v1/kv/${key}`)).text)).toBe(`[${entryText(key, "two", 7)}]`);
  });

  test("does not create a key if the index is not 0", async () => {
    const key = `${keyFolder()}a`;
    expect((await put(`/v1/kv/${key}?cas=1`, "one")).text).toBe("false");
    expect((await get(`/v1/kv/${key}`)).status).toBe(404);
  });

  test("deletes a key only with the key's index", async () => {
    const key = `${keyFolder()}a`;
    await put(`/v1/kv/${key}`, "one");
    const index = await modifyIndex(key);
    expect((await del(`/v1/kv/${key}?cas=${index + 1}`)).text).toBe("false");
    expect((await del(`/v1/kv/${key}?cas=0`)).text).toBe("false");
    expectTrue(await del(`/v1/kv/${key}?cas=${index}`));
    expect((await get(`/v1/kv/${key}`)).status).toBe(404);
  });

  test("succeeds in a delete of a missing key with any index", async () => {
    expectTrue(await del(`/v1/kv/${keyFolder()}none?cas=5`));
  });

  test("cannot be combined with recurse", async () => {
    const text = "Conflicting flags: cas=0&recurse=";
    expectError(await del(`/v1/kv/${keyFolder()}?recurse&cas=0`), { status: 400, text });
  });
});

describe("a request without a key", () => {
  test.each(["GET", "PUT", "DELETE"])("is refused with the method %s", async (method) => {
    const answer = await send(method, "/v1/kv/", { body: method === "PUT" ? "x" : undefined });
    expectError(answer, { status: 400, text: "Missing key name" });
  });

  test("is refused with ?raw, too", async () => {
    expectError(await get("/v1/kv/?raw"), { status: 400, text: "Missing key name" });
  });
});

describe("the size of a value", () => {
  test("may be 524288 bytes", async () => {
    const key = `${keyFolder()}big`;
    const value = Buffer.alloc(524_288, "ab");
    expectTrue(await put(`/v1/kv/${key}`, value));
    expect((await get(`/v1/kv/${key}?raw`)).bytes.equals(value)).toBe(true);
  });

  test("of 524289 bytes is refused", async () => {
    const key = `${keyFolder()}big`;
    const answer = await put(`/v1/kv/${key}`, Buffer.alloc(524_289, "ab"));
    expect(answer.status).toBe(413);
    expect(answer.text).toStartWith("Request body(524289 bytes) too large, max size: 524288 bytes.");
    expect((await get(`/v1/kv/${key}`)).status).toBe(404);
  });
});

describe("the lock of a key", () => {
  const stranger = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";

  test.each([
    ["acquire=", "missing session"],
    ["acquire=nope", "failed session lookup: index error: UUID must be 36 characters"],
    [`acquire=${stranger}`, `invalid session "${stranger}"`],
    ["release=", "missing session"],
  ])("is not acquired or released with ?%s, and nothing is written", async (parameter, text) => {
    const key = `/v1/kv/${keyFolder()}a`;
    expectError(await put(`${key}?${parameter}`, "x"), { status: 500, text });
    expect((await get(key)).status).toBe(404);
  });

  test.each(["nope", stranger])(
    "that is not held is not released by the session %s, and nothing is written",
    async (session) => {
      const key = `/v1/kv/${keyFolder()}a`;
      const answer = await put(`${key}?release=${session}`, "x");
      expect({ status: answer.status, text: answer.text.trim() }).toEqual({ status: 200, text: "false" });
      expect((await get(key)).status).toBe(404);
    },
  );
});
