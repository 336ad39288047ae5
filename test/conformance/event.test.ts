import { describe, expect, test } from "bun:test";
import { expectError, get, put, registerService, send, sharedTarget, unique } from "../support/conformance.ts";
import { promptly } from "../support/promptly.ts";
import { within } from "../support/within.ts";

await sharedTarget();

interface Event {
  readonly ID: string;
  readonly LTime: number;
}

/**
 * Returns the events of a name when the list has `count` of them. Consul lists an event some milliseconds after its
 * response to the request that fired the event.
 */
async function listed(name: string, count: number): Promise<readonly Event[]> {
  return within(2_000, async () => {
    const events = (await get(`/v1/event/list?name=${name}`)).json as Event[];
    if (events.length !== count) throw new Error(`${events.length} events`);
    return events;
  });
}

/**
 * Returns an event's index, which Consul computes from the event's ID: the upper and the lower 64 bits, combined by
 * xor.
 */
function indexOf({ ID }: Event): string {
  const digits = ID.replaceAll("-", "");
  return String(BigInt(`0x${digits.slice(0, 16)}`) ^ BigInt(`0x${digits.slice(16)}`));
}

describe("firing an event", () => {
  test("returns the event, without a Lamport time", async () => {
    const answer = await put("/v1/event/fire/deploy", "hello");
    expect(answer.status).toBe(200);
    expect(answer.header("Content-Type")).toBe("application/json");
    expect(answer.header("X-Consul-Index")).toBeUndefined();
    expect(answer.text.replace(/"ID":"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"/, '"ID":"<uuid>"')).toBe(
      '{"ID":"<uuid>","Name":"deploy","Payload":"aGVsbG8=","NodeFilter":"","ServiceFilter":"","TagFilter":"","Version":1,"LTime":0}',
    );
  });

  test("without a body stores no payload", async () => {
    expect((await put("/v1/event/fire/deploy")).json).toMatchObject({ Payload: null });
  });

  test("uses the rest of the path as the event's name", async () => {
    expect((await put("/v1/event/fire/a%2Fb/c%20d+e", "x")).json).toMatchObject({ Name: "a/b/c d+e" });
  });

  test("returns the filters of the request", async () => {
    const answer = await put("/v1/event/fire/deploy?node=n1&service=web&tag=x", "y");
    expect(answer.json).toMatchObject({ NodeFilter: "n1", ServiceFilter: "web", TagFilter: "x" });
  });

  test.each([
    ["", 400, "Missing name"],
    ["x?tag=x", 500, "Cannot provide tag filter without service filter"],
    ["x?node=(", 500, "Invalid node filter: error parsing regexp: missing closing ): `(`"],
    ["x?service=(", 500, "Invalid service filter: error parsing regexp: missing closing ): `(`"],
    ["x?service=web&tag=(", 500, "Invalid tag filter: error parsing regexp: missing closing ): `(`"],
    ["x?dc=elsewhere", 500, "No path to datacenter"],
  ])("is refused for the path and query %j", async (rest, status, text) => {
    expectError(await put(`/v1/event/fire/${rest}`, "y"), { status, text });
  });

  test.each([
    ["a", 414],
    ["aaaaaaaaaaaaaaaaaaa", 376],
    ["a".repeat(32), 349],
    ["a".repeat(180), 54],
    ["b?node=n", 409],
  ])("with the name %s accepts at most %d bytes of payload", async (name, bytes) => {
    expect((await put(`/v1/event/fire/${name}`, "y".repeat(bytes))).status).toBe(200);
    expectError(await put(`/v1/event/fire/${name}`, "y".repeat(bytes + 1)), {
      status: 500,
      text: '1 error occurred:\n\t* error broadcasting event to segment "": encoded user event exceeds configured limit of 512 bytes after encoding\n\n',
    });
  });

  test("with a payload that exceeds 512 bytes even before it is encoded is refused with an error that says so", async () => {
    expectError(await put("/v1/event/fire/a", "y".repeat(600)), {
      status: 500,
      text: '1 error occurred:\n\t* error broadcasting event to segment "": user event exceeds configured limit of 512 bytes before encoding\n\n',
    });
  });
});

describe("the list of events", () => {
  test("filtered by name has the events of that name with their Lamport times, the oldest first", async () => {
    const name = unique("listed");
    await put(`/v1/event/fire/${name}`, "one");
    await put(`/v1/event/fire/${name}`, "two");
    const events = await listed(name, 2);
    expect(events).toMatchObject([{ Payload: "b25l" }, { Payload: "dHdv" }]);
    expect(events[1]?.LTime).toBe((events[0]?.LTime ?? 0) + 1);
  });

  test("has an index derived from the id of its last event", async () => {
    const name = unique("indexed");
    await put(`/v1/event/fire/${name}`, "one");
    const [event] = await listed(name, 1);
    const answer = await get(`/v1/event/list?name=${name}`);
    expect(answer.header("X-Consul-Index")).toBe(event && indexOf(event));
    expect(answer.header("X-Consul-Knownleader")).toBeUndefined();
  });

  test("filtered by an unknown name is empty, with index 1", async () => {
    const answer = await get("/v1/event/list?name=never&dc=elsewhere&stale&consistent");
    expect(answer.text).toBe("[]");
    expect(answer.header("X-Consul-Index")).toBe("1");
  });

  test("has the events without a filter and those whose filters match this node or a service on it", async () => {
    await registerService({ Name: "web", Tags: ["blue"] });
    const name = unique("meant");
    for (const filter of [
      "node=^node1$",
      "node=elsewhere",
      "service=w.b",
      "service=none",
      "service=web&tag=bl",
      "service=web&tag=red",
    ])
      await put(`/v1/event/fire/${name}?${filter}`, "y");
    await put(`/v1/event/fire/${name}`, "last");
    expect(await listed(name, 4)).toMatchObject([
      { NodeFilter: "^node1$" },
      { ServiceFilter: "w.b" },
      { TagFilter: "bl" },
      { Payload: "bGFzdA==" },
    ]);
  });

  test("keeps the last 256 events", async () => {
    const name = unique("many");
    for (let count = 0; count < 260; count += 1) await put(`/v1/event/fire/${name}`, `${count}`);
    const events = await within(5_000, async () => {
      const all = (await get(`/v1/event/list?name=${name}`)).json as { readonly Payload: string }[];
      if (atob(all.at(-1)?.Payload ?? "") !== "259") throw new Error("not all have come yet");
      return all;
    });
    expect(events).toHaveLength(256);
    expect(((await get("/v1/event/list")).json as unknown[]).length).toBe(256);
  });

  test("refuses an invalid index and an invalid wait", async () => {
    expectError(await get("/v1/event/list?index=x"), { status: 400, text: "Invalid index" });
    expectError(await get("/v1/event/list?wait=x"), { status: 400, text: "Invalid wait time" });
  });
});

describe("a blocking query for events", () => {
  async function held(name: string, act: () => Promise<unknown>, wait: string): Promise<{ ms: number; text: string }> {
    const before = (await get(`/v1/event/list?name=${name}`)).header("X-Consul-Index");
    const waiting = get(`/v1/event/list?name=${name}&index=${before}&wait=${wait}`);
    const started = performance.now();
    await Bun.sleep(60);
    await act();
    const { text } = await promptly(waiting);
    return { ms: performance.now() - started, text };
  }

  test("returns when an event of the name is fired", async () => {
    const name = unique("waited");
    for (const payload of ["one", "two"]) {
      const { text } = await held(name, () => put(`/v1/event/fire/${name}`, payload), "10m");
      expect(text).toContain(btoa(payload));
    }
  });

  test("is held until its wait ends when only an event of another name is fired", async () => {
    const { ms, text } = await held(unique("waited"), () => put("/v1/event/fire/other"), "300ms");
    expect(ms).toBeGreaterThan(290);
    expect(text).toBe("[]");
  });

  test("returns at once with an index other than that of the list", async () => {
    await promptly(get("/v1/event/list?name=never&index=2&wait=10m"));
  });
});

test.each([
  ["GET", "/v1/event/fire/x", "OPTIONS,PUT"],
  ["PUT", "/v1/event/list", "OPTIONS,GET"],
])("%s %s is refused with status 405", async (method, path, allow) => {
  const answer = await send(method, path);
  expect([answer.status, answer.header("Allow")]).toEqual([405, allow]);
});
