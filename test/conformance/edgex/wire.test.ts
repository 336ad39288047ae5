import { describe, expect, test } from "bun:test";
import { differs, keyFolder, put, sharedTarget } from "../../support/conformance.ts";
import { EdgexClient, goPath, goRequest } from "../../support/edgex-clients.ts";
import { headerOf, RawConnection, textOf } from "../../support/raw-connection.ts";

await sharedTarget();

describe("Go's HTTP client", () => {
  test("can read and write without the headers Content-Type and Accept, and can read compressed answers", async () => {
    await using client = await EdgexClient.open();
    const key = `/v1/kv/${keyFolder()}big`;
    expect(await client.go("PUT", key, "x".repeat(20_000))).toMatchObject({ status: 200, text: "true" });
    const [pair] = JSON.parse((await client.go("GET", key)).text) as [{ Value: string }];
    expect(Buffer.from(pair.Value, "base64").toString()).toBe("x".repeat(20_000));
  });

  test("finds X-Consul-Index in its exact letter case, in answers with 200 and 404 and with a raw value", async () => {
    await using client = await EdgexClient.open();
    const folder = `/v1/kv/${keyFolder()}`;
    expect((await client.go("GET", `${folder}?recurse=`)).index).toMatch(/^[1-9]\d*$/);
    await client.go("PUT", `${folder}a`, "x");
    for (const target of [`${folder}?recurse=`, `${folder}?keys=`, `${folder}a`, `${folder}a?raw=`, `${folder}none`])
      expect((await client.go("GET", target)).index).toMatch(/^[1-9]\d*$/);
  });

  test("receives headers that report a known leader and a last contact of 0 ms", async () => {
    await using connection = await RawConnection.open((await sharedTarget()).url);
    connection.send(goRequest("GET", "/v1/health/service/consul"));
    const answer = await connection.answer();
    expect(headerOf(answer, "X-Consul-Knownleader")).toBe("true");
    expect(headerOf(answer, "X-Consul-Lastcontact")).toBe("0");
  });

  test("may send parameters without values, sorted by name", async () => {
    await using client = await EdgexClient.open();
    const folder = `/v1/kv/${keyFolder()}`;
    await client.go("PUT", `${folder}a`, "x");
    const { index, text } = await client.go("GET", `${folder}?recurse=&wait=1800000ms`);
    expect(JSON.parse(text)).toHaveLength(1);
    await put(`${folder}b`, "x");
    const next = await client.go("GET", `${folder}?index=${index}&recurse=&wait=1800000ms`);
    expect(JSON.parse(next.text)).toHaveLength(2);
  });

  test("may send the token, or the user name and password, from its environment variables", async () => {
    await using connection = await RawConnection.open((await sharedTarget()).url);
    for (const field of ["X-Consul-Token: 6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11", "Authorization: Basic dXNlcjpwdw=="]) {
      const octets = goRequest("GET", "/v1/agent/services").toString();
      connection.send(octets.replace("\r\nAccept-Encoding", `\r\n${field}\r\nAccept-Encoding`));
      expect((await connection.answer()).status).toBe(200);
    }
  });

  test("may send a write of a key in TCP segments of any size", async () => {
    await using connection = await RawConnection.open((await sharedTarget()).url);
    const key = `/v1/kv/${keyFolder()}a`;
    const octets = goRequest("PUT", key, "INFO");
    for (let at = 0; at < octets.length; at += 7) {
      connection.send(octets.subarray(at, at + 7));
      await new Promise(setImmediate);
    }
    expect(textOf(await connection.answer())).toBe("true");
  });

  const idleSeconds = Number(process.env["IDLE_SECONDS"] ?? 0);
  test.skipIf(idleSeconds === 0)(
    "finds its connection open after IDLE_SECONDS without a request (skipped unless IDLE_SECONDS is set)",
    async () => {
      await using client = await EdgexClient.open();
      expect((await client.go("GET", "/v1/status/leader")).status).toBe(200);
      await Bun.sleep(idleSeconds * 1_000);
      expect((await client.go("GET", "/v1/status/leader")).status).toBe(200);
    },
  );
});

test("Go's HTTP client can write a key with empty parts in Praetor, while Consul redirects such a PUT", async () => {
  await using client = await EdgexClient.open();
  const folder = keyFolder();
  const written = await client.go("PUT", `/v1/kv/${folder}a//b`, "v");
  const reason = "a redirected PUT comes back as a GET; keeping the key is what its writer meant";
  if (!differs("praetor", reason)) return expect(written.status).toBe(301);
  expect(written).toMatchObject({ status: 200, text: "true" });
  expect(JSON.parse((await client.go("GET", `/v1/kv/${folder}?keys=`)).text)).toEqual([`${folder}a//b`]);
  expect((await client.go("GET", `/v1/kv/${folder}a//b?raw=`)).text).toBe("v");
});

describe("a key with the escapes of Go's HTTP client", () => {
  test.each([
    "Writable/LogLevel",
    "a+b c",
    "AppService;profile/Driver/x",
    "a&b=c",
    "a:b@c,d$e",
    "100%",
    "50%25",
    "why?",
    "#1",
    "Temperatur/Wert-°C/größe",
    "温度/🌡",
    "folder/",
    "it's (new)!*",
    "a|b[c]{d}",
  ])("is the same key in a write, a list and a read: %s", async (name) => {
    await using client = await EdgexClient.open();
    const folder = keyFolder();
    const target = goPath(`/v1/kv/${folder}${name}`);
    expect(await client.go("PUT", target, "v")).toMatchObject({ status: 200, text: "true" });
    expect(JSON.parse((await client.go("GET", `/v1/kv/${folder}?keys=`)).text)).toEqual([`${folder}${name}`]);
    expect(JSON.parse((await client.go("GET", target)).text)).toMatchObject([
      { Key: `${folder}${name}`, Value: "dg==" },
    ]);
  });
});
