import { beforeEach, expect, test } from "bun:test";
import { startTestApi, type TestApi } from "../../../test/support/api.ts";
import { settle } from "../../../test/support/settle.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));

interface Told {
  readonly event: string;
  readonly id: number;
  readonly data: { readonly Index: number; readonly Changes?: readonly object[] };
}

/** Opens a stream, and returns a function that ends it and returns all its events. */
async function open(path: string, headers: Record<string, string> = {}) {
  const ending = new AbortController();
  const answer = await api.ask(`/v1/praetor/changes/${path}`, { headers, signal: ending.signal });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const reader = answer.body?.getReader();
  let text = "";
  const reading = (async () => {
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {};
      if (done) return;
      text += new TextDecoder().decode(value);
    }
  })();
  return {
    reading,
    text: () => text,
    async events(): Promise<readonly Told[]> {
      await settle();
      return text
        .split("\n\n")
        .filter((each) => each.startsWith("event: "))
        .map((each) => {
          const [, event = "", id = "", data = ""] = /^event: (.*)\nid: (.*)\ndata: (.*)$/.exec(each) ?? [];
          return { event, id: Number(id), data: JSON.parse(data) as Told["data"] };
        });
    },
    async close(): Promise<void> {
      await reader?.cancel();
      ending.abort();
    },
  };
}

async function send(method: string, path: string, body?: string): Promise<number> {
  api.clock.jumpWall(60_000);
  const answer = await api.ask(path, { method, ...(body !== undefined && { body }) });
  expect(answer.status).toBe(200);
  return api.store.index;
}

const put = (key: string, value: string): Promise<number> => send("PUT", `/v1/kv/${key}`, value);

test("tells each change below the prefix as it is made, with the value and the index before", async () => {
  const first = await put("t/a", "1");
  const stream = await open("t/");
  const second = await put("t/a", "2");
  await put("other", "1");
  const third = await send("DELETE", "/v1/kv/t/a");
  expect(await stream.events()).toEqual([
    {
      ...{ event: "changes", id: second },
      data: {
        Index: second,
        Changes: [{ Key: "t/a", Operation: "set", Value: btoa("2"), Flags: 0, PreviousIndex: first }],
      },
    },
    {
      ...{ event: "changes", id: third },
      data: { Index: third, Changes: [{ Key: "t/a", Operation: "delete", PreviousIndex: second }] },
    },
  ] as never);
  await stream.close();
});

test("is one event for each index, whatever the number of keys", async () => {
  const stream = await open("");
  const body = ["a", "b"].map((Key) => ({ KV: { Verb: "set", Key, Value: "" } }));
  await send("PUT", "/v1/txn", JSON.stringify(body));
  const events = await stream.events();
  expect(events.map(({ data }) => data.Changes)).toMatchObject([[{ Key: "a" }, { Key: "b" }]]);
  await stream.close();
});

test("resumes after any index with nothing missed, doubled or out of order", async () => {
  const live = await open("", {});
  for (const [key, value] of [
    ["a", "1"],
    ["b", "1"],
    ["a", "2"],
    ["c", "1"],
  ] as const)
    await put(key, value);
  await send("DELETE", "/v1/kv/a");
  await put("a", "3");
  const all = await live.events();
  expect(all).toHaveLength(6);
  await live.close();
  for (const [at, { id }] of all.entries()) {
    const resumed = await open("", { "Last-Event-ID": String(id) });
    expect(await resumed.events()).toEqual(all.slice(at + 1));
    await resumed.close();
  }
  const since = await open(`?since=${all[2]?.id}`);
  expect(await since.events()).toEqual(all.slice(3));
  await since.close();
});

test("says from where on to read anew when changes are no longer kept", async () => {
  const first = await put("a", "0");
  for (let value = 1; value < 25; value++) await put("a", `${value}`);
  const stream = await open(`?since=${first}`);
  const index = api.store.index;
  const next = await put("a", "x");
  expect(await stream.events()).toMatchObject([
    { event: "compacted", id: index, data: { Index: index } },
    { event: "changes", id: next },
  ]);
  await stream.close();
});

test("first sends the id where it begins, after which a reader resumes that has got no event", async () => {
  const first = await put("t/a", "1");
  const stream = await open("t/");
  await settle();
  expect(stream.text()).toBe(`: changes of keys\nid: ${first}\n\n`);
  await stream.close();
  const second = await put("t/a", "2");
  const resumed = await open("t/", { "Last-Event-ID": String(first) });
  expect(await resumed.events()).toMatchObject([{ event: "changes", id: second }]);
  expect(resumed.text()).toStartWith(`: changes of keys\nid: ${first}\n\n`);
  await resumed.close();
});

test("sends a heartbeat, and costs nothing after the reader has gone", async () => {
  const timers = api.clock.timerCount;
  const stream = await open("");
  await api.clock.advance(25_000);
  await settle();
  expect(stream.text()).toContain("\n\n:\n\n");
  await stream.close();
  await settle();
  expect(api.clock.timerCount).toBe(timers);
});

test("ends when a reader is too slow", async () => {
  const answer = await api.ask("/v1/praetor/changes/");
  for (let at = 0; at < 12; at++) await put(`k${at}`, "x".repeat(400_000));
  const text = await answer.text();
  expect(text.match(/event: changes/g)?.length).toBeLessThan(12);
});

test("shows only what the caller may read, and nothing after its token has ended", async () => {
  api = await startTestApi({ isDenying: true });
  const { SecretID } = (await (await api.ask("/v1/acl/bootstrap", { method: "PUT" })).json()) as { SecretID: string };
  const asManager = async (path: string, body: string, method = "PUT"): Promise<Record<string, string>> => {
    const headers = { "X-Consul-Token": SecretID };
    return (await (await api.ask(path, { method, body, headers })).json()) as Record<string, string>;
  };
  const Rules = 'key_prefix "t/" { policy = "read" } key "t/hidden" { policy = "deny" }';
  await asManager("/v1/acl/policy", JSON.stringify({ Name: "t", Rules }));
  const reader = await asManager("/v1/acl/token", JSON.stringify({ Policies: [{ Name: "t" }] }));
  const token = { "X-Consul-Token": reader["SecretID"] ?? "" };
  expect((await api.ask("/v1/praetor/changes/", { headers: token })).status).toBe(403);
  const stream = await open("t/", token);
  await asManager("/v1/kv/t/hidden", "1");
  await asManager("/v1/kv/t/shown", "1");
  expect(await stream.events()).toMatchObject([{ data: { Changes: [{ Key: "t/shown" }] } }]);
  await asManager(`/v1/acl/token/${reader["AccessorID"]}`, "", "DELETE");
  await asManager("/v1/kv/t/shown", "2");
  await stream.reading;
  expect(await stream.events()).toHaveLength(1);
});

test("is refused with a start that is no index", async () => {
  const answer = await api.ask("/v1/praetor/changes/", { headers: { "Last-Event-ID": "x" } });
  expect([answer.status, await answer.text()]).toEqual([400, 'Bad request: Last-Event-ID is not an index: "x"']);
});
