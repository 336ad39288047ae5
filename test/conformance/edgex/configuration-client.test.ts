import { describe, expect, test } from "bun:test";
import { del, keyFolder, sharedTarget } from "../../support/conformance.ts";
import { EdgexClient } from "../../support/edgex-clients.ts";

await sharedTarget();

/** A part of core-metadata's configuration. It has every kind of value; the client sends each as text. */
const leaves: Readonly<Record<string, string>> = {
  "Service/Port": "48081",
  "Service/Timeout": "-7",
  "Service/Ratio": "1.4",
  "Service/Big": "100000000",
  "Writable/EnableValueDescriptorManagement": "false",
  "Writable/LogLevel": "INFO",
  "SecretStore/Authentication/AuthToken": "",
  "Notifications/Content": "Metadata change notice: °C, 100 %",
  "L/0": "a",
  "Tab/0/A": "1",
};

interface Pair {
  readonly Key: string;
  readonly Value: string | null;
}

function textsOf(json: string): Record<string, string> {
  const pairs = JSON.parse(json) as Pair[];
  return Object.fromEntries(pairs.map(({ Key, Value }) => [Key, Buffer.from(Value ?? "", "base64").toString()]));
}

/** Sends the requests of PutConfiguration: for each key a read, then a write of its value. */
async function push(client: EdgexClient, base: string): Promise<void> {
  for (const [name, value] of Object.entries(leaves)) {
    expect((await client.go("GET", `/v1/kv/${base}${name}`)).status).toBe(404);
    expect(await client.go("PUT", `/v1/kv/${base}${name}`, value)).toMatchObject({ status: 200, text: "true" });
  }
}

describe("an EdgeX configuration below its base path", () => {
  test("is missing at first, is pushed with one write for each leaf, and is read back completely", async () => {
    await using client = await EdgexClient.open();
    const base = `${keyFolder()}edgex/core/1.0/edgex-core-metadata/`;
    expect(await client.go("GET", `/v1/kv/${base}?keys=`)).toMatchObject({ status: 404, text: "" });
    await push(client, base);
    const keys = JSON.parse((await client.go("GET", `/v1/kv/${base}?keys=`)).text) as string[];
    expect(keys).toEqual(
      Object.keys(leaves)
        .map((name) => base + name)
        .toSorted(),
    );
    const { status, text } = await client.go("GET", `/v1/kv/${base}?recurse=&wait=1800000ms`);
    expect(status).toBe(200);
    expect(textsOf(text)).toEqual(
      Object.fromEntries(Object.entries(leaves).map(([name, value]) => [base + name, value])),
    );
  });

  test("is missing even if a configuration exists whose name begins with the same text", async () => {
    await using client = await EdgexClient.open();
    const folder = keyFolder();
    await client.go("PUT", `/v1/kv/${folder}core-data-x/Service/Port`, "1");
    expect((await client.go("GET", `/v1/kv/${folder}core-data/?keys=`)).status).toBe(404);
  });

  test("can be watched by a service that disconnects during a blocking query, and the agent still answers the next client", async () => {
    const base = keyFolder();
    {
      await using client = await EdgexClient.open();
      await client.go("PUT", `/v1/kv/${base}Writable/LogLevel`, "INFO");
      const { index } = await client.go("GET", `/v1/kv/${base}?recurse=&wait=1800000ms`);
      void client.go("GET", `/v1/kv/${base}?index=${index}&recurse=&wait=1800000ms`).catch(() => {});
    }
    await using next = await EdgexClient.open();
    expect((await next.go("GET", `/v1/kv/${base}Writable/LogLevel`)).status).toBe(200);
  });
});

describe("a single value of an EdgeX configuration", () => {
  test("is returned as a list of one entry with the value in base64, and is a 404 while it is missing", async () => {
    await using client = await EdgexClient.open();
    const base = keyFolder();
    expect((await client.go("GET", `/v1/kv/${base}Writable/LogLevel`)).status).toBe(404);
    await client.go("PUT", `/v1/kv/${base}Writable/LogLevel`, "DEBUG");
    const { text } = await client.go("GET", `/v1/kv/${base}Writable/LogLevel`);
    expect(textsOf(text)).toEqual({ [`${base}Writable/LogLevel`]: "DEBUG" });
  });

  test("can be empty: a Go client writes it with Content-Length 0, and reads it as empty", async () => {
    await using client = await EdgexClient.open();
    const base = keyFolder();
    await client.go("PUT", `/v1/kv/${base}AuthToken`, "");
    const [pair] = JSON.parse((await client.go("GET", `/v1/kv/${base}AuthToken`)).text) as [Pair];
    expect(pair.Value ?? "").toBe("");
  });

  test("can contain any bytes", async () => {
    await using client = await EdgexClient.open();
    const key = `/v1/kv/${keyFolder()}bytes`;
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    await client.go("PUT", key, bytes);
    const [pair] = JSON.parse((await client.go("GET", key)).text) as [Pair];
    expect(Buffer.from(pair.Value ?? "", "base64").equals(bytes)).toBe(true);
  });

  test("can be replaced and deleted, and the configuration's other keys do not change", async () => {
    await using client = await EdgexClient.open();
    const base = keyFolder();
    await client.go("PUT", `/v1/kv/${base}a`, "1");
    await client.go("PUT", `/v1/kv/${base}b`, "1");
    await client.go("PUT", `/v1/kv/${base}a`, "2");
    expect(textsOf((await client.go("GET", `/v1/kv/${base}?recurse=`)).text)).toEqual({
      [`${base}a`]: "2",
      [`${base}b`]: "1",
    });
    await del(`/v1/kv/${base}a`);
    expect((await client.go("GET", `/v1/kv/${base}a`)).status).toBe(404);
  });
});
