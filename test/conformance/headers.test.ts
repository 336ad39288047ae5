import { describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { get, keyFolder, put, send, sharedTarget } from "../support/conformance.ts";
import type { Answer } from "../support/exchange.ts";

await sharedTarget();

/** Returns the names of all headers but those of the connection, sorted because the agent promises no order. */
function headerNames(answer: Answer): string[] {
  return answer.headers
    .map(([name]) => name)
    .filter((name) => !["Date", "Connection", "Keep-Alive"].includes(name))
    .toSorted();
}

const common = ["Content-Length", "Content-Type", "Vary"];
const query = ["X-Consul-Index", "X-Consul-Knownleader", "X-Consul-Lastcontact"];

describe("the names of the headers in an answer", () => {
  test.each<[string, readonly string[]]>([
    ["/v1/status/leader", common],
    ["/v1/catalog/datacenters", common],
    ["/v1/agent/services", common],
    ["/v1/agent/members", common],
    ["/v1/catalog/nodes", [...common, "X-Consul-Effective-Consistency", ...query]],
    ["/v1/catalog/service/nobody", [...common, "X-Consul-Effective-Consistency", ...query]],
    ["/v1/catalog/node/nobody", [...common, "X-Consul-Effective-Consistency", ...query]],
    ["/v1/health/service/consul", [...common, "X-Consul-Effective-Consistency", ...query]],
    ["/v1/health/state/any", [...common, "X-Consul-Effective-Consistency", ...query]],
    ["/v1/kv/nobody", ["Content-Length", "Vary", ...query]],
    ["/v1/kv/?keys", [...common, ...query]],
    ["/v1/kv/", common],
    ["/v1/catalog/nodes?stale&consistent", common],
    ["/v1/catalog/nodes?dc=nowhere", [...common, ...query]],
    ["/v1/nope", ["Content-Length"]],
  ])("to %s are exactly those that Consul sends", async (path, names) => {
    expect(headerNames(await get(path))).toEqual([...names].toSorted());
  });

  test("to a read or write of a key are exactly those that Consul sends", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    expect(headerNames(await put(key, "x"))).toEqual(common);
    expect(headerNames(await get(key))).toEqual([...common, ...query].toSorted());
    const raw = ["Content-Security-Policy", "X-Content-Type-Options"];
    expect(headerNames(await get(`${key}?raw`))).toEqual([...common, ...query, ...raw].toSorted());
  });
});

describe("the values of the headers", () => {
  test("of a read are those of a server that knows a leader", async () => {
    const answer = await get("/v1/catalog/nodes");
    expect(answer.header("Vary")).toBe("Accept-Encoding");
    expect(answer.header("X-Consul-Knownleader")).toBe("true");
    expect(answer.header("X-Consul-Lastcontact")).toBe("0");
    expect(answer.header("X-Consul-Index")).toMatch(/^[1-9]\d*$/);
    expect(answer.header("Content-Length")).toBe(String(answer.bytes.length));
  });

  test("of a read of an unknown datacenter have index 1 and no known leader", async () => {
    const answer = await get("/v1/catalog/nodes?dc=nowhere");
    expect(answer.header("X-Consul-Index")).toBe("1");
    expect(answer.header("X-Consul-Knownleader")).toBe("false");
    expect(answer.header("X-Consul-Lastcontact")).toBe("0");
  });

  test("of a response include the present time as Date", async () => {
    const askedMs = Date.now();
    const date = Date.parse((await get("/v1/status/leader")).header("Date") ?? "");
    // The header has whole seconds, and the agent may have read its clock up to a second earlier.
    expect(date).toBeWithin(askedMs - 2_000, Date.now() + 1);
  });
});

test("a request may have 60 KB in one header, in many headers, or in its query string", async () => {
  const path = "/v1/status/leader";
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`X-Header-${at}`, "x".repeat(300)]));
  for (const headers of [{ "X-Long": "x".repeat(60_000) }, many])
    expect((await send("GET", path, { headers })).status).toBe(200);
  expect((await get(`${path}?unknown=${"x".repeat(60_000)}`)).status).toBe(200);
});

describe("compression with gzip", () => {
  const headers = { "Accept-Encoding": "gzip" };

  test.each(["?raw", "", "?recurse"])(
    "is applied to a large answer to a read of a key if the client accepts gzip, with the parameters %p",
    async (parameters) => {
      const key = `/v1/kv/${keyFolder()}a`;
      await put(key, "x".repeat(20_000));
      const answer = await send("GET", `${key}${parameters}`, { headers });
      expect(answer.header("Content-Encoding")).toBe("gzip");
      expect(answer.bytes.length).toBeLessThan(1_000);
      expect(gunzipSync(answer.bytes).toString()).toBe((await get(`${key}${parameters}`)).text);
    },
  );

  const taken = [
    ...["gzip", "GZIP", "Gzip", " gzip ", "gzip,", ",gzip", "deflate, gzip", "deflate,\tgzip", "gzip, identity"],
    ...["gzip;q=1", "gzip;q=0.5", "gzip;q=0.001", "gzip;q=.5", "gzip;q=1.0", "gzip; q=0.5", "gzip;q=2", "gzip;Q=0"],
    ...["identity;q=1, gzip;q=0.5", "gzip;q=0.5, identity;q=1", "*;q=0, gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1"],
    ...["gzip;foo=bar", "gzip;level=9", "gzip;q=0;foo=bar", "gzip;q=0,gzip", "gzip,gzip;q=x"],
  ];
  const refused = [
    ...["", "  ", "identity", "identity;q=0", "deflate", "br", "x-gzip", "gzipx", "*", "*;q=1", "*;q=0", "*;q=0.5"],
    ...["gzip;q=0", "gzip;q=0.0", "gzip;q=0.000", "gzip;q=00", "gzip;q=0.", "gzip; q=0", "gzip ;q=0", "gzip;q=-1"],
    ...["gzip;q=", "gzip;q=x", "gzip;q= 0", 'gzip;q="0"', "gzip;foo=bar;q=0", "gzip,gzip;q=0", "gzip;q=0, *;q=1"],
    ...["deflate, gzip;q=0", "gzip;q=0, *", "*, gzip;q=0", "identity;q=1, *;q=0", "identity;q=0, gzip;q=0"],
  ];

  test.each([
    ["gzip", taken],
    [undefined, refused],
  ])(
    "follows Accept-Encoding, for all tested values that must lead to the Content-Encoding %p",
    async (encoding, lists) => {
      const key = `/v1/kv/${keyFolder()}a`;
      await put(key, "x".repeat(20_000));
      expect((await get(key)).header("Content-Encoding")).toBeUndefined();
      const seen = await Promise.all(
        lists.map(async (list) => {
          const answer = await send("GET", key, { headers: { "Accept-Encoding": list } });
          return [list, answer.header("Content-Encoding")];
        }),
      );
      expect(seen).toEqual(lists.map((list) => [list, encoding]));
    },
  );

  test("does not change the body of a small answer", async () => {
    const answer = await send("GET", "/v1/status/leader", { headers });
    const text = answer.header("Content-Encoding") === "gzip" ? gunzipSync(answer.bytes).toString() : answer.text;
    expect(text).toBe((await get("/v1/status/leader")).text);
  });
});
