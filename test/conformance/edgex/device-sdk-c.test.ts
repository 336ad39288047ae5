import { describe, expect, onTestFinished, test } from "bun:test";
import { del, differs, get, put, send, sharedTarget, unique } from "../../support/conformance.ts";
import { EdgexClient } from "../../support/edgex-clients.ts";

await sharedTarget();

interface Pair {
  readonly Key: string;
  readonly Value: string | null;
}

const nullBreaks = "device-sdk-c refuses a whole configuration with a null in it";
const moreSettings = "a device service with more settings than Consul takes at once could not upload them";

/** Returns the name and the base path of a new device service, and removes the service's keys after the test. */
function deviceService(): { readonly name: string; readonly base: string } {
  const name = unique("device-bacnet");
  onTestFinished(async () => void (await del(`/v1/kv/edgex/core/1.0/${name}?recurse`)));
  return { name, base: `edgex/core/1.0/${name}` };
}

function upload(base: string, values: Readonly<Record<string, string>>): string {
  const operations = Object.entries(values).map(([name, value]) => ({
    KV: { Verb: "set", Key: `${base}/${name}`, Value: Buffer.from(value).toString("base64") },
  }));
  return JSON.stringify(operations);
}

function settings(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`Driver/Setting${at}`, `${at}`]));
}

test("a ping of the C SDK is answered with status 200", async () => {
  await using client = await EdgexClient.open();
  expect((await client.c("/v1/status/leader")).status).toBe(200);
});

describe("the configuration of a C device service", () => {
  test("is a 404 while it is missing, and complete after an upload in one transaction", async () => {
    await using client = await EdgexClient.open();
    const { base } = deviceService();
    const values = { "Service/Port": "49980", "Driver/Interval": "1.5", "Logging/RemoteURL": "http://x:1/y?z" };
    expect((await client.c(`/v1/kv/${base}?recurse=true`)).status).toBe(404);
    expect((await client.cUpload("/v1/txn", upload(base, values))).status).toBe(200);
    const pairs = JSON.parse((await client.c(`/v1/kv/${base}?recurse=true`)).text) as Pair[];
    const read = pairs.map(({ Key, Value }) => [Key, Buffer.from(Value ?? "", "base64").toString()]);
    expect(Object.fromEntries(read)).toEqual(
      Object.fromEntries(Object.entries(values).map(([name, value]) => [`${base}/${name}`, value])),
    );
  });

  test("may have a semicolon in its keys, unescaped in the path, as keys of profiles have", async () => {
    await using client = await EdgexClient.open();
    const { base } = deviceService();
    expect((await client.cUpload("/v1/txn", upload(`${base};docker`, { "Service/Port": "1" }))).status).toBe(200);
    const { text } = await client.c(`/v1/kv/${base};docker?recurse=true`);
    expect(JSON.parse(text)).toMatchObject([{ Key: `${base};docker/Service/Port` }]);
  });

  test("is read by a path without a final slash, so the answer also has configurations whose names begin with the same text", async () => {
    await using client = await EdgexClient.open();
    const { base } = deviceService();
    for (const name of [`${base}/a`, `${base}2/a`]) await put(`/v1/kv/${name}`, "1");
    const pairs = JSON.parse((await client.c(`/v1/kv/${base}?recurse=true`)).text) as Pair[];
    expect(pairs.map(({ Key }) => Key)).toEqual([`${base}/a`, `${base}2/a`]);
  });

  test("is sent again when it changes, with its index in a header of exactly the letter case that the C SDK reads", async () => {
    await using client = await EdgexClient.open();
    const { base } = deviceService();
    await put(`/v1/kv/${base}/Writable/LogLevel`, "INFO");
    const { index } = await client.c(`/v1/kv/${base}?recurse=true`);
    expect(index).toMatch(/^[1-9]\d*$/);
    const held = client.c(`/v1/kv/${base}?recurse=true&index=${index}`);
    await Bun.sleep(60);
    await put(`/v1/kv/${base}/Writable/LogLevel`, "DEBUG");
    const answer = await held;
    expect(Number(answer.index)).toBeGreaterThan(Number(index));
    expect(JSON.parse(answer.text)).toMatchObject([{ Value: Buffer.from("DEBUG").toString("base64") }]);
  });
});

describe("an empty value in the configuration of a C device service", () => {
  const read = async (client: EdgexClient, target: string): Promise<unknown> =>
    (JSON.parse((await client.c(target)).text) as Pair[]).map(({ Value }) => Value);

  test('is "" for the C SDK, even after another client\'s read of the same key, and null for all other clients', async () => {
    await using client = await EdgexClient.open();
    const { base } = deviceService();
    await put(`/v1/kv/${base}/AuthToken`, "");
    const target = `/v1/kv/${base}?recurse=true`;
    const toC = differs("praetor", nullBreaks) ? [""] : [null];
    for (let round = 0; round < 2; round += 1) {
      expect(JSON.parse((await get(target)).text)).toMatchObject([{ Value: null }]);
      expect(await read(client, target)).toEqual(toC);
    }
    const headers = { "User-Agent": "edgex-tool/1.0" };
    expect((await send("GET", target, { headers })).json).toMatchObject([{ Value: null }]);
  });

  test('is "" for the C SDK and null for other clients in the answer of a blocking query, too', async () => {
    await using client = await EdgexClient.open();
    const { base } = deviceService();
    await put(`/v1/kv/${base}/AuthToken`, "secret");
    const target = `/v1/kv/${base}?recurse=true`;
    const { index } = await client.c(target);
    const held = read(client, `${target}&index=${index}`);
    const other = get(`${target}&index=${index}`);
    await Bun.sleep(60);
    await put(`/v1/kv/${base}/AuthToken`, "");
    expect(await held).toEqual(differs("praetor", nullBreaks) ? [""] : [null]);
    expect((await other).json).toMatchObject([{ Value: null }]);
  });
});

describe("an upload of the C SDK", () => {
  test("with 64 settings is accepted in one transaction", async () => {
    await using client = await EdgexClient.open();
    const { base } = deviceService();
    expect((await client.cUpload("/v1/txn", upload(base, settings(64)))).status).toBe(200);
    expect(JSON.parse((await client.c(`/v1/kv/${base}?keys=`)).text)).toHaveLength(64);
  });

  test("with more than 64 settings is accepted from the C SDK only", async () => {
    await using client = await EdgexClient.open();
    const { base } = deviceService();
    const body = upload(base, settings(200));
    expect(await put("/v1/txn", body)).toMatchObject({ status: 413 });
    const isTaken = differs("praetor", moreSettings);
    expect((await client.cUpload("/v1/txn", body)).status).toBe(isTaken ? 200 : 413);
    const keys = await client.c(`/v1/kv/${base}?keys=`);
    expect(keys.status).toBe(isTaken ? 200 : 404);
    if (isTaken) expect(JSON.parse(keys.text)).toHaveLength(200);
  });

  test("with a body that is too long is refused, and none of its settings is stored", async () => {
    await using client = await EdgexClient.open();
    const { base } = deviceService();
    const tooLong = upload(base, settings(8_000));
    expect((await client.cUpload("/v1/txn", tooLong)).status).toBe(413);
    await using next = await EdgexClient.open();
    expect((await next.c(`/v1/kv/${base}?keys=`)).status).toBe(404);
  });
});

describe("a C device service", () => {
  test("registers itself and its check in one request, and deregisters with a chunked request without Content-Length", async () => {
    await using client = await EdgexClient.open();
    const { name } = deviceService();
    onTestFinished(async () => void (await put(`/v1/agent/service/deregister/${name}`)));
    const check = { Name: `Health Check: ${name}`, Interval: "10s", HTTP: "http://127.0.0.1:9/api/v1/ping" };
    const body = JSON.stringify({ Name: name, Address: "127.0.0.1", Port: 49980, Check: check });
    expect(await client.cUpload("/v1/agent/service/register", body)).toMatchObject({ status: 200, text: "" });
    expect(JSON.parse((await client.c(`/v1/health/checks/${name}`)).text)).toMatchObject([
      { CheckID: `service:${name}`, Name: check.Name, ServiceID: name },
    ]);
    expect(JSON.parse((await client.c(`/v1/catalog/service/${name}`)).text)).toMatchObject([
      { ServiceAddress: "127.0.0.1", ServicePort: 49980 },
    ]);
    expect((await client.cUploadNothing(`/v1/agent/service/deregister/${name}`)).status).toBe(200);
    await using next = await EdgexClient.open();
    expect(await next.c(`/v1/catalog/service/${name}`)).toMatchObject({ status: 200, text: "[]" });
  });
});
