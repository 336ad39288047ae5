import { describe, expect, test } from "bun:test";
import {
  differs,
  expectTrue,
  get,
  keyFolder,
  put,
  registerCheck,
  registerService,
  sharedTarget,
  unique,
} from "../support/conformance.ts";
import { headerOf, type RawAnswer, RawConnection } from "../support/raw-connection.ts";

const target = await sharedTarget();

/**
 * Sends one request over a plain socket, because HTTP clients change some octets of a path before they send it. Each
 * character of `path` is one octet.
 */
async function ask(method: string, path: string, body = ""): Promise<RawAnswer> {
  await using connection = await RawConnection.open(target.url);
  const head = `${method} ${path} HTTP/1.1\r\nHost: agent\r\nContent-Length: ${body.length}\r\n\r\n`;
  connection.send(Buffer.from(head + body, "latin1"));
  return await connection.answer();
}

async function keysIn(folder: string): Promise<unknown> {
  const answer = await get(`/v1/kv/${folder}?keys`);
  return answer.status === 404 ? [] : answer.json;
}

describe("a key in a path", () => {
  const neighbours = ["a/b", "b", "line1/setpoint/x", "x"];

  test.each([
    ["a\\b", "a\\b"],
    ["line1\\setpoint/x", "line1\\setpoint/x"],
    ["\\", "\\"],
    ["a\\..\\b", "a\\..\\b"],
    ["a%5Cb", "a\\b"],
    ["a%2Fb", "a/b"],
    ["a#b", "a#b"],
    ['a|b"c^d`e{f}', 'a|b"c^d`e{f}'],
    ["\xc3\xa9", "é"],
    ["...", "..."],
    ["a.%2e.b", "a...b"],
  ])("sent as %s is the key %s, and no other key changes", async (path, key) => {
    const folder = keyFolder();
    for (const neighbour of neighbours) expectTrue(await put(`/v1/kv/${folder}${neighbour}`, "theirs"));
    expect((await ask("PUT", `/v1/kv/${folder}${path}`, "mine")).body.toString()).toBe("true");
    expect(await keysIn(folder)).toContain(`${folder}${key}`);
    // Reads twice, since the second answer can be a kept answer.
    for (const _ of ["first", "again"])
      expect((await ask("GET", `/v1/kv/${folder}${path}?raw`)).body.toString()).toBe("mine");
    expect((await ask("DELETE", `/v1/kv/${folder}${path}`)).body.toString()).toBe("true");
    const left = neighbours.filter((each) => each !== key).map((each) => `${folder}${each}`);
    expect(await keysIn(folder)).toEqual(left);
  });

  test("with a backslash is not found when a client has just read the key with a slash", async () => {
    const folder = keyFolder();
    expectTrue(await put(`/v1/kv/${folder}a/b`, "theirs"));
    for (const _ of ["first", "again"]) {
      expect((await ask("GET", `/v1/kv/${folder}a/b?raw`)).body.toString()).toBe("theirs");
      expect((await ask("GET", `/v1/kv/${folder}a\\b?raw`)).status).toBe(404);
    }
  });

  test.each(["a/../b", "a/./b", "a/%2e%2E/b", "a/..", "%2e", "a//b", "/b", "b//"])(
    "with empty or dotted parts is stored as sent in Praetor, and its PUT redirects in Consul: %s",
    async (path) => {
      const folder = keyFolder();
      expectTrue(await put(`/v1/kv/${folder}b`, "theirs"));
      const answer = await ask("PUT", `/v1/kv/${folder}${path}`, "mine");
      if (differs("praetor", "a redirected PUT comes back as a GET; keeping the key is what its writer meant")) {
        expect(answer.body.toString()).toBe("true");
        expect(await keysIn(folder)).toContain(`${folder}${decodeURIComponent(path)}`);
      } else expect(answer.status).toBe(301);
      expect((await get(`/v1/kv/${folder}b?raw`)).text).toBe("theirs");
    },
  );

  test.each(["a%FFb", "a\xffb", "a%C3", "a%ED%A0%80", "a%EF%BF%BDb"])(
    "that is not UTF-8 is refused by Praetor: %s",
    async (path) => {
      const folder = keyFolder();
      const answer = await ask("PUT", `/v1/kv/${folder}${path}`, "mine");
      if (
        differs("praetor", "keys are text: Consul shows each such octet as U+FFFD, so that no client can name the key")
      ) {
        expect(answer.status).toBe(400);
        expect(answer.body.toString()).toStartWith("the path must be UTF-8 text");
        expect(await keysIn(folder)).toEqual([]);
      } else expect(await keysIn(folder)).toEqual([expect.stringContaining("\uFFFD")]);
    },
  );

  test.each(["a/".repeat(40), "a/b/c/d/e/f/g/h//i", "a///b"])(
    "with too many parts is refused by Praetor: %s",
    async (path) => {
      const folder = keyFolder();
      const answer = await ask("PUT", `/v1/kv/${folder}${path}`, "mine");
      if (differs("praetor", "the HTTP server does not show such a path as it was sent")) {
        expect(answer.status).toBe(400);
        expect(answer.body.toString()).toStartWith("the path has too many parts");
        expect(await keysIn(folder)).toEqual([]);
      } else expect(answer.status).toBeOneOf([200, 301]);
    },
  );
});

describe("a service or check id in a path", () => {
  const ids = ["http://10.0.0.7:8080/api", "a//b", "a/../b", "line1\\pump", "a/", "50%"];
  const isRedirected = (id: string): boolean =>
    /\/\/|\.\./.test(id) && differs("consul", "it redirects to a path with another id");

  test.each(ids)("may have encoded slashes when a client deregisters the service %s", async (id) => {
    await registerService({ ID: id, Name: unique("path") });
    const answer = await put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`);
    expect(answer.status).toBe(isRedirected(id) ? 301 : 200);
    if (!isRedirected(id)) expect(Object.keys((await get("/v1/agent/services")).json as object)).not.toContain(id);
  });

  test.each(ids)("may have encoded slashes when a client updates and deregisters the check %s", async (id) => {
    await registerCheck({ ID: id, Name: "path", TTL: "1h" });
    const passed = await put(`/v1/agent/check/pass/${encodeURIComponent(id)}`);
    expect(passed.status).toBe(isRedirected(id) ? 301 : 200);
    if (isRedirected(id)) return;
    const checks = (await get("/v1/agent/checks")).json as Record<string, { Status: string }>;
    expect(checks[id]?.Status).toBe("passing");
    expect((await put(`/v1/agent/check/deregister/${encodeURIComponent(id)}`)).status).toBe(200);
    expect(Object.keys((await get("/v1/agent/checks")).json as object)).not.toContain(id);
  });

  test("with a backslash does not match an id with a slash", async () => {
    const theirs = unique("path/a");
    await registerService({ ID: theirs, Name: theirs });
    const answer = await ask("PUT", `/v1/agent/service/deregister/${theirs.replace("/", "\\")}`);
    expect(answer.status).toBe(200);
    expect(Object.keys((await get("/v1/agent/services")).json as object)).toContain(theirs);
  });

  test("may have encoded slashes, as may a service name when a client reads the catalog", async () => {
    const name = unique("http://catalog/x");
    await registerService({ ID: unique("path"), Name: name });
    const answer = await get(`/v1/catalog/service/${encodeURIComponent(name)}`);
    if (isRedirected(name)) expect(answer.status).toBe(301);
    else expect(answer.json).toEqual([expect.objectContaining({ ServiceName: name })]);
  });

  test('with ".." as a part makes the request redirect to the cleaned path', async () => {
    const answer = await ask("PUT", "/v1/agent/service/../services");
    expect([answer.status, headerOf(answer, "Location")]).toEqual([301, "/v1/agent/services"]);
  });
});
