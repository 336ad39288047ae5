import { describe, expect, test } from "bun:test";
import { del, differs, expectError, get, put, send, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

const path = "/v1/connect/intentions";
const unknown = "f004177f-2c28-83b7-4229-eacc25fe55d1";
const noUuid = "failed intention lookup: index error: UUID must be 36 characters";

describe("an intention endpoint", () => {
  test("lists no intentions, and allows every connection", async () => {
    const list = await get(path);
    expect([list.text, list.index, list.header("X-Consul-Knownleader")]).toEqual(["[]", 1, "true"]);
    expect((await get(`${path}/check?source=a&destination=b`)).text).toBe('{"Allowed":true}');
    expect((await get(`${path}/match?by=source&name=b&name=a`)).text).toBe('{"a":null,"b":null}');
  });

  test("refuses an incomplete check or match with status 500", async () => {
    const answers = {
      match: "required query parameter 'by' not set",
      "match?by=source": "required query parameter 'name' not set",
      "match?by=web&name=a": "'by' parameter must be one of 'source' or 'destination'",
      check: "required query parameter 'source' not set",
      "check?source=a": "required query parameter 'destination' not set",
      "check?source=a&destination=b&source-type=web": 'unsupported SourceType: "web"',
    };
    for (const [question, text] of Object.entries(answers))
      expectError(await get(`${path}/${question}`), { status: 500, text });
  });

  test("refuses to read, change or delete a missing intention", async () => {
    expectError(await get(`${path}/${unknown}`), { status: 404, text: "Intention not found" });
    expectError(await put(`${path}/${unknown}`, {}), {
      status: 500,
      text: `Cannot modify non-existent intention: '${unknown}'`,
    });
    expectError(await del(`${path}/${unknown}`), {
      status: 500,
      text: `Cannot delete non-existent intention: '${unknown}'`,
    });
    expectError(await get(`${path}/x`), { status: 400, text: `Bad request: ${noUuid}` });
    expectError(await put(`${path}/x`, {}), { status: 500, text: `Intention lookup failed: ${noUuid}` });
    expectError(await del(`${path}/x`), { status: 500, text: `Intention lookup failed: ${noUuid}` });
    expectError(await put(`${path}/x`, { Foo: 1 }), {
      status: 400,
      text: 'Bad request: Request decode failed: json: unknown field "Foo"',
    });
  });

  test("validates a new intention, and refuses a valid one because Praetor has no service mesh", async () => {
    const create = (body: object): ReturnType<typeof send> => send("POST", path, { body });
    expectError(await create({ SourceName: "a" }), {
      status: 500,
      text: "2 errors occurred:\n\t* DestinationName must be set\n\t* Action must be set to 'allow' or 'deny'\n\n",
    });
    expectError(await create({ ID: unknown }), { status: 500, text: "ID must be empty when creating a new intention" });
    expectError(await create({ SourceName: 1 }), {
      status: 500,
      text: "Failed to decode request body: json: cannot unmarshal number into Go struct field .SourceName of type string",
    });
    if (!differs("praetor", "Consul keeps intentions for the day when its mesh is turned on")) return;
    const answer = await create({ SourceName: "a", DestinationName: "b", Action: "deny" });
    expect([answer.status, answer.text]).toEqual([500, expect.stringContaining("Connect must be enabled")]);
  });
});
