import { afterAll, expect, test } from "bun:test";
import { exchange } from "../support/exchange.ts";
import { startTarget } from "../support/target.ts";

const target = await startTarget("-hcl", "disable_http_unprintable_char_filter = true");
afterAll(() => target.stop());

/** Keys that older versions of Consul accepted and newer ones refuse, and similar keys that every version accepts. */
const keys = ["old\u00A0key", "a\nb", "a\tb", "a\u0000b", "a\u007Fb", "a\u200Bb", "\u0001", "a\u2028b", "a b", "é"];

test.each(keys)(
  "without the filter of unprintable characters a client can write, read and delete the key %j",
  async (key) => {
    const path = `/v1/kv/${encodeURIComponent(key)}`;
    expect((await exchange(target.url, "PUT", { path, body: "v" })).text).toBe("true");
    expect((await exchange(target.url, "GET", { path: `${path}?raw` })).text).toBe("v");
    expect((await exchange(target.url, "GET", { path: "/v1/kv/?keys" })).json).toEqual([key]);
    expect((await exchange(target.url, "GET", { path })).json).toMatchObject([{ Key: key, Value: "dg==" }]);
    expect((await exchange(target.url, "DELETE", { path })).text).toBe("true");
    expect((await exchange(target.url, "GET", { path: "/v1/kv/?keys" })).text).toBe("[]");
  },
);

test("without the filter of unprintable characters, keys with such characters survive a restart", async () => {
  for (const key of keys) await exchange(target.url, "PUT", { path: `/v1/kv/${encodeURIComponent(key)}`, body: key });
  await target.restart();
  for (const key of keys) {
    const path = `/v1/kv/${encodeURIComponent(key)}?raw`;
    expect((await exchange(target.url, "GET", { path })).text).toBe(key);
  }
});
