import { describe, expect, test } from "bun:test";
import { expectRefusal, expectSuccess, keyRoot, sharedKeeper } from "../../support/keeper.ts";

const keeper = await sharedKeeper();
const { ask } = keeper;
const keyRule = "key only allows characters between a to z, A to Z, 0 to 9, or one of -_ ~;=./%";

/** Returns the values of the entries at and below a key as text, by the entries' keys. */
async function stored(key: string): Promise<Record<string, unknown>> {
  const { json, status } = await ask(`GET /kvs/key/${key}?plaintext=true`);
  expect(status).toBe(200);
  const { response } = json as { response: { key: string; value: unknown }[] };
  return Object.fromEntries(response.map(({ key: each, value }) => [each, value]));
}

describe("a key in core-keeper's API", () => {
  test("is returned with its times and a base64 value, or with the value as text", async () => {
    const root = keyRoot(keeper, "shown");
    const startMs = Date.now();
    expectSuccess(await ask(`PUT /kvs/key/${root}`, { value: "INFO" }), { response: [root] });
    const encoded = (await ask(`GET /kvs/key/${root}`)).json as { response: Record<string, unknown>[] };
    const [entry = {}] = encoded.response;
    expect(Object.keys(entry)).toEqual(["key", "Created", "Modified", "value"]);
    expect(entry["value"]).toBe(btoa("INFO"));
    expect(entry["Created"]).toBeWithin(startMs, Date.now() + 1);
    expect(entry["Modified"]).toBe(entry["Created"]);
    expect(await stored(root)).toEqual({ [root]: "INFO" });
  });

  test("that is written again has a later modification time and the same creation time", async () => {
    const root = keyRoot(keeper, "again");
    const times = async (): Promise<number[]> => {
      const { response } = (await ask(`GET /kvs/key/${root}`)).json as { response: Record<string, number>[] };
      return response.flatMap(({ Created = 0, Modified = 0 }) => [Created, Modified]);
    };
    await ask(`PUT /kvs/key/${root}`, { value: 1 });
    const [created = 0] = await times();
    while (Date.now() <= created) await Bun.sleep(1);
    await ask(`PUT /kvs/key/${root}`, { value: 2 });
    const [createdThen, modified] = await times();
    expect(createdThen).toBe(created);
    expect(modified).toBeGreaterThan(created);
  });

  test("is found with plain slashes, with %2F, and with every escape of Go's client", async () => {
    const root = keyRoot(keeper, "escaped");
    const key = `${root}/a-b_c.d~e;f=g`;
    await ask(`PUT /kvs/key/${key}`, { value: "1" });
    const escaped = key.replaceAll(/[-_.~]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
    for (const form of [key, encodeURIComponent(key), escaped.replaceAll("/", "%2F"), escaped])
      expectSuccess(await ask(`GET /kvs/key/${form}?keyOnly=true`), { response: [key] });
  });

  test("may contain a percent sign, since the agent decodes the path exactly once", async () => {
    const root = keyRoot(keeper, "percent");
    expectSuccess(await ask(`PUT /kvs/key/${root}/a%252Fb`, { value: "1" }), { response: [`${root}/a%2Fb`] });
  });

  test.each(["invalidChar:", "a%20b", "%C3%A9", "a%2Bb", "a+b", ""])("with the name %p is refused", async (key) => {
    for (const request of [`GET /kvs/key/${key}`, `DELETE /kvs/key/${key}`]) {
      expectRefusal(await ask(request), 400, keyRule);
    }
    expectRefusal(await ask(`PUT /kvs/key/${key}`, { value: 1 }), 400, keyRule);
  });

  test("with a broken escape is refused", async () => {
    expectRefusal(await ask("GET /kvs/key/a%2"), 400, "400 Bad Request");
  });

  test('with a backslash is refused, and with ".." as a part is stored as written, without a change of other keys', async () => {
    const root = keyRoot(keeper, "backslash");
    await ask(`PUT /kvs/key/${root}/a/b`, { value: "1" });
    expectRefusal(await ask(`PUT /kvs/key/${root}/a\\b`, { value: "2" }), 400, keyRule);
    expectRefusal(await ask(`DELETE /kvs/key/${root}/a\\b`), 400, keyRule);
    expectSuccess(await ask(`PUT /kvs/key/${root}/x/../a`, { value: "2" }), { response: [`${root}/x/../a`] });
    expect(await stored(root)).toEqual({ [`${root}/a/b`]: "1", [`${root}/x/../a`]: "2" });
  });
});

describe("reading keys over core-keeper's API", () => {
  test("matches whole parts of a key: it neither finds a prefix of a part nor treats _ and % as wildcards", async () => {
    const root = keyRoot(keeper, "parts");
    await ask(`PUT /kvs/key/${root}?flatten=true`, { value: { a_b: { x: 1 }, aXb: { x: 1 }, a_bc: 1 } });
    expectSuccess(await ask(`GET /kvs/key/${root}/a_b?keyOnly=true`), { response: [`${root}/a_b/x`] });
    expectRefusal(await ask(`GET /kvs/key/${root}/a_`), 404, `no key starting with '${root}/a_' found`);
    expectRefusal(await ask(`GET /kvs/key/${root}/a%25b`), 404, `no key starting with '${root}/a%b' found`);
  });

  test("with keyOnly and plaintext ignores plaintext", async () => {
    const root = keyRoot(keeper, "keyonly");
    await ask(`PUT /kvs/key/${root}?flatten=true`, { value: { a: 1, b: { c: 2 } } });
    const keys = { response: [`${root}/a`, `${root}/b/c`] };
    expectSuccess(await ask(`GET /kvs/key/${root}?plaintext=true&keyOnly=true`), keys);
  });

  test.each(["1", "t", "T", "TRUE", "true", "True", "%20true%20", "true&keyOnly=nonsense"])(
    "with keyOnly=%s returns only the keys",
    async (word) => {
      const root = keyRoot(keeper, "on");
      await ask(`PUT /kvs/key/${root}`, { value: 1 });
      expectSuccess(await ask(`GET /kvs/key/${root}?keyOnly=${word}`), { response: [root] });
    },
  );

  test.each(["", "0", "f", "F", "FALSE", "false", "False"])("with keyOnly=%s returns the values, too", async (word) => {
    const root = keyRoot(keeper, "off");
    await ask(`PUT /kvs/key/${root}`, { value: 1 });
    expect((await ask(`GET /kvs/key/${root}?keyOnly=${word}`)).json).toMatchObject({ response: [{ key: root }] });
  });
});

test.each([
  ["GET", "keyOnly"],
  ["GET", "plaintext"],
  ["PUT", "flatten"],
  ["DELETE", "prefixMatch"],
])("core-keeper's API refuses a %s of a key if the flag %s is not a boolean", async (method, name) => {
  const reason = 'strconv.ParseBool: parsing "yes": invalid syntax';
  const body = method === "PUT" ? { value: 1 } : undefined;
  const answer = await ask(`${method} /kvs/key/a?${name}=yes`, body);
  expectRefusal(answer, 400, `failed to parse querystring ${name} into bool. Error:${reason}`);
});

describe("a value written over core-keeper's API", () => {
  test.each([
    ["true", "true"],
    ["30", "30"],
    ["-7", "-7"],
    ["1.5", "1.5"],
    ["1.0", "1"],
    ["1e3", "1000"],
    ["1e21", "1000000000000000000000"],
    ["-1.25e-7", "-0.000000125"],
    ["12345678901234567890", "12345678901234567890"],
    ['""', ""],
    ['"a\\u003cb é"', "a<b é"],
    ['{"b":1,"a":[true,null]}', '{"a":[true,null],"b":1}'],
    ["[]", "[]"],
    ['["a",1]', '["a",1]'],
  ])("as the JSON %s is stored as the text %p", async (json, text) => {
    const root = keyRoot(keeper, "value");
    expectSuccess(await ask(`PUT /kvs/key/${root}`, `{"value":${json}}`), { response: [root] });
    expect(await stored(root)).toEqual({ [root]: text });
  });

  test("is read from a field named value in any letter case, and unknown fields are ignored", async () => {
    const root = keyRoot(keeper, "letters");
    await ask(`PUT /kvs/key/${root}`, { apiVersion: "v9", requestId: "none", VALUE: 1, other: {} });
    expect(await stored(root)).toEqual({ [root]: "1" });
  });

  test.each([
    ["{}", "the value field is undefined"],
    ["null", "the value field is undefined"],
    ['{"value":null}', "the value field is undefined"],
    ['{"value":{}}', "the value field is an empty object"],
    ["[]", "Failed to unmarshal request body as JSON."],
    ['"text"', "Failed to unmarshal request body as JSON."],
    ['{"apiVersion":3,"value":1}', "Failed to unmarshal request body as JSON."],
    ['{"value":[1e400]}', "Failed to unmarshal request body as JSON."],
    ["", "EOF"],
    ['{"value":', "unexpected EOF"],
    ["{value}", "invalid character 'v' looking for beginning of object key string"],
  ])("is refused with the body %p", async (body, message) => {
    expectRefusal(await ask("PUT /kvs/key/edgex/v4/refused", body), 400, message);
    expect((await ask("GET /kvs/key/edgex/v4/refused")).status).toBe(404);
  });

  test("is refused if it is longer than 524288 bytes, or if its body is longer than 1024 KB", async () => {
    const long = "x".repeat(512 * 1024 + 1);
    const message = "the value of edgex/v4/long has 524289 bytes; at most 524288";
    expectRefusal(await ask("PUT /kvs/key/edgex/v4/long", { value: long }), 413, message);
    const tooLong = "request size exceed Service.MaxRequestSize(1024 KB)";
    for (const chunked of [false, true])
      expectRefusal(await ask("PUT /kvs/key/edgex/v4/long", { value: long + long }, { chunked }), 413, tooLong);
  });
});

describe("a write with flatten", () => {
  test("creates a key for each leaf of an object, where a list is one value, and nulls and empty objects are omitted", async () => {
    const root = keyRoot(keeper, "flat");
    const value = { Writable: { LogLevel: "INFO", On: true }, L: ["a", { b: 1 }], N: null, E: {}, "x/y": 1 };
    const answer = await ask(`PUT /kvs/key/${root}?flatten=true`, { value });
    const leaves = {
      [`${root}/L`]: '["a",{"b":1}]',
      [`${root}/Writable/LogLevel`]: "INFO",
      [`${root}/Writable/On`]: "true",
      [`${root}/x/y`]: "1",
    };
    expect((answer.json as { response: string[] }).response.toSorted()).toEqual(Object.keys(leaves));
    expect(await stored(root)).toEqual(leaves);
  });

  test("of a scalar writes the key itself, and of an object with only nulls writes nothing", async () => {
    const root = keyRoot(keeper, "scalar");
    expectSuccess(await ask(`PUT /kvs/key/${root}?flatten=true`, { value: 7 }), { response: [root] });
    expectSuccess(await ask(`PUT /kvs/key/${root}/below?flatten=true`, { value: { a: null } }), { response: [] });
    expect(await stored(root)).toEqual({ [root]: "7" });
  });

  test("can write more than 64 keys, all with one index", async () => {
    const root = keyRoot(keeper, "many");
    const value = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`k${at}`, at]));
    await ask(`PUT /kvs/key/${root}?flatten=true`, { value });
    const entries = (await keeper.consul(`GET /kv/${root}?recurse`)).json as { ModifyIndex: number }[];
    expect(entries).toHaveLength(300);
    expect(new Set(entries.map(({ ModifyIndex }) => ModifyIndex)).size).toBe(1);
  });

  test.each(["bad key", "a:b", "", "..", "a/../../b", ".", "é", "end/"])(
    "refuses an object with the field name %p, with an error that contains the name, and writes nothing",
    async (name) => {
      const root = keyRoot(keeper, "names");
      const answer = await ask(`PUT /kvs/key/${root}?flatten=true`, { value: { good: 1, in: { [name]: 1 } } });
      const message = `${keyRule}: the name ${JSON.stringify(name)} below ${root}/in gives no such key`;
      expectRefusal(answer, 400, message);
      expect((await ask(`GET /kvs/key/${root}`)).status).toBe(404);
    },
  );
});

describe("a write of a key", () => {
  test("is refused if a key below it has a value, even within one object, and nothing is written", async () => {
    const root = keyRoot(keeper, "above");
    await ask(`PUT /kvs/key/${root}?flatten=true`, { value: { a: { b: 1 } } });
    const message = `update key failed since child key(s) already exist: ${root}/a/b`;
    expectRefusal(await ask(`PUT /kvs/key/${root}/a`, { value: 1 }), 400, message);
    const two = await ask(`PUT /kvs/key/${root}?flatten=true`, { value: { "c/d": 1, c: 2 } });
    expectRefusal(two, 400, `update key failed since child key(s) already exist: ${root}/c/d`);
    expect(await stored(root)).toEqual({ [`${root}/a/b`]: "1" });
  });

  test("is refused if a key above it has a value", async () => {
    const root = keyRoot(keeper, "below");
    await ask(`PUT /kvs/key/${root}`, { value: 1 });
    const message = `update key failed since its parent key ${root} has a value: ${root}/a/b`;
    expectRefusal(await ask(`PUT /kvs/key/${root}/a/b`, { value: 1 }), 400, message);
  });

  test("succeeds for exactly one of several concurrent writers", async () => {
    const root = keyRoot(keeper, "race");
    const keys = ["a", "a/b", "a/b/c"].map((key) => `${root}/${key}`);
    const answers = await Promise.all(keys.map((key) => ask(`PUT /kvs/key/${key}`, { value: key })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(Object.keys(await stored(root))).toHaveLength(1);
  });
});

describe("deleting over core-keeper's API", () => {
  test("removes a key that has no keys below it, and returns its name", async () => {
    const root = keyRoot(keeper, "alone");
    await ask(`PUT /kvs/key/${root}`, { value: 1 });
    expectSuccess(await ask(`DELETE /kvs/key/${root}`), { response: [root] });
    expectRefusal(await ask(`DELETE /kvs/key/${root}`), 404, `key '${root}' not found`);
    expectRefusal(await ask(`DELETE /kvs/key/${root}?prefixMatch=true`), 404, `key '${root}' not found`);
  });

  test("requires prefixMatch for a key that has keys below it, and deletes nothing without prefixMatch", async () => {
    const root = keyRoot(keeper, "tree");
    // Consul's API allows a key with a value and keys below it.
    for (const key of [root, `${root}/a`, `${root}/a/b`]) await keeper.consul(`PUT /kv/${key}`, "1");
    await keeper.consul(`PUT /kv/${root}-x`, "1");
    const message = `keys having the same prefix ${root} exist and cannot be deleted`;
    expectRefusal(await ask(`DELETE /kvs/key/${root}`), 409, message);
    expect(Object.keys(await stored(root))).toHaveLength(3);
    const deleted = { response: [root, `${root}/a`, `${root}/a/b`] };
    expectSuccess(await ask(`DELETE /kvs/key/${root}?prefixMatch=true`), deleted);
    expectSuccess(await ask(`DELETE /kvs/key/${root}-x`), { response: [`${root}-x`] });
  });
});
