import { describe, expect, test } from "bun:test";
import { type CannedAgent, type CannedRequest, startCannedAgent } from "../../test/support/canned-agent.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { within } from "../../test/support/within.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { ConfigurationClient } from "./configuration-client.ts";
import { HttpClient } from "./http.ts";

const basePath = "edgex/core/1.0/edgex-core-data";

function clientOf(url: string, clock: Clock = systemClock): ConfigurationClient {
  return new ConfigurationClient({ http: new HttpClient({ baseUrl: url, clock }), basePath });
}

/** Returns an agent's answer to GET of /v1/kv with these keys and values. The base path precedes each key. */
function stored(pairs: Readonly<Record<string, string | null>>, index = 1): Response {
  const rows = Object.entries(pairs).map(([key, value]) => ({
    Key: `${basePath}/${key}`,
    Value: value === null ? null : Buffer.from(value).toString("base64"),
  }));
  return Response.json(rows, { headers: { "X-Consul-Index": String(index) } });
}

const absent = (): Response => new Response(null, { status: 404, headers: { "X-Consul-Index": "1" } });

describe("hasConfiguration", () => {
  test("requests keys below the base path with a final slash, so a path with the same beginning does not count", async () => {
    using agent = startCannedAgent(() => Response.json([`${basePath}/Writable/LogLevel`]));
    expect(await clientOf(agent.url).hasConfiguration()).toBe(true);
    expect(agent.requests[0]?.target).toBe(`/v1/kv/${basePath}/?keys=`);
  });

  test("is false for status 404, and an error for status 500", async () => {
    using empty = startCannedAgent(absent);
    expect(await clientOf(empty.url).hasConfiguration()).toBe(false);
    using broken = startCannedAgent(() => new Response("No cluster leader", { status: 500 }));
    expect((await rejectionOf(clientOf(broken.url).hasConfiguration())).message).toMatch(
      "checking configuration existence from Consul failed: Unexpected response code: 500 (No cluster leader)",
    );
  });
});

describe("keys below a name", () => {
  const keys = ["Writable/LogLevel", "Writable/Persist", "Writable2/X", "Name"].map((key) => `${basePath}/${key}`);
  /** Starts an agent that answers `?keys` with every key that begins with the requested text, as Consul does. */
  const startKeyAgent = (): CannedAgent =>
    startCannedAgent(({ target }) => {
      const prefix = decodeURIComponent(target.replace("/v1/kv/", "").replace("?keys=", ""));
      const found = keys.filter((key) => key.startsWith(prefix));
      return found.length === 0 ? absent() : Response.json(found);
    });

  test("do not include the keys below a name that begins with the same text", async () => {
    using agent = startKeyAgent();
    const client = clientOf(agent.url);
    expect(await client.getConfigurationKeys("Writable")).toEqual(keys.slice(0, 2));
    expect(await client.getConfigurationKeys("Writ")).toEqual([]);
    expect(await client.getConfigurationKeys("Name")).toEqual([`${basePath}/Name`]);
    expect(await client.getConfigurationKeys("")).toEqual(keys);
    expect(await client.hasSubConfiguration("Writable")).toBe(true);
    expect(await client.hasSubConfiguration("Writ")).toBe(false);
  });

  test("that cannot be read cause an error with the text of EdgeX's Go client", async () => {
    using agent = startCannedAgent(() => new Response("No cluster leader", { status: 500 }));
    const client = clientOf(agent.url);
    const messages = [client.hasSubConfiguration("Writable"), client.getConfigurationKeys("Writable")].map(rejectionOf);
    expect((await Promise.all(messages)).map(({ message }) => message)).toEqual([
      "checking sub configuration existence from Consul failed: Unexpected response code: 500 (No cluster leader)",
      `unable to get list of keys for ${basePath}/Writable from Consul: Unexpected response code: 500 (No cluster leader)`,
    ]);
  });
});

describe("a single value", () => {
  const bytes = Uint8Array.of(0, 255, 10);

  test("is stored unchanged, text or bytes", async () => {
    using agent = startCannedAgent(() => new Response("true"));
    const client = clientOf(agent.url);
    await client.putConfigurationValue("Writable/LogLevel", "DEBÜG");
    await client.putConfigurationValue("Blob", bytes);
    expect(agent.requests.map(({ method, target, body }) => `${method} ${target} ${body}`)).toEqual([
      `PUT /v1/kv/${basePath}/Writable/LogLevel DEBÜG`,
      `PUT /v1/kv/${basePath}/Blob ${new TextDecoder().decode(bytes)}`,
    ]);
  });

  test("is read as bytes, or undefined if the key does not exist", async () => {
    using agent = startCannedAgent(({ target }) =>
      target === `/v1/kv/${basePath}/Blob` ? Response.json([{ Key: "x", Value: bytes.toBase64() }]) : absent(),
    );
    const client = clientOf(agent.url);
    expect(await client.getConfigurationValue("Blob")).toEqual(bytes);
    expect(await client.getConfigurationValueByFullPath(`${basePath}/Blob`)).toEqual(bytes);
    expect(await client.getConfigurationValue("Other")).toBeUndefined();
    expect(await client.configurationValueExists("Blob")).toBe(true);
    expect(await client.configurationValueExists("Other")).toBe(false);
  });

  test("that cannot be read or stored causes an error with the full key and the text of EdgeX's Go client", async () => {
    using agent = startCannedAgent(() => new Response(null, { status: 403 }));
    const client = clientOf(agent.url);
    const calls = [
      client.configurationValueExists("A"),
      client.getConfigurationValue("A"),
      client.putConfigurationValue("A", ""),
      client.putConfiguration({ A: 1 }, { overwrite: true }),
    ];
    const errors = await Promise.all(calls.map(rejectionOf));
    expect(errors.map(({ message }) => message)).toEqual([
      `unable to check existence of ${basePath}/A in Consul: Unexpected response code: 403`,
      `unable to get value for ${basePath}/A from Consul: Unexpected response code: 403`,
      `unable to put value for ${basePath}/A into Consul: Unexpected response code: 403`,
      `unable to put value for ${basePath}/A into Consul: Unexpected response code: 403`,
    ]);
    expect(errors[0]).toMatchObject({ kind: "denied", code: "call-failed" });
  });
});

test("a call of the configuration client rejects at the timeout of its options, or with its signal's reason", async () => {
  const clock = new FakeClock();
  using agent = startCannedAgent(() => Promise.withResolvers<Response>().promise);
  const client = clientOf(agent.url, clock);
  const ending = new AbortController();
  const failures = [
    rejectionOf(client.getConfigurationValue("A", { signal: ending.signal })),
    rejectionOf(client.getConfigurationValue("A", { timeoutMs: 300 })),
  ];
  await within(2_000, async () => expect(agent.requests).toHaveLength(2));
  ending.abort(new Error("enough"));
  await clock.advance(300);
  expect((await Promise.all(failures)).map(({ message }) => message)).toEqual([
    "enough",
    `unable to get value for ${basePath}/A from Consul: no answer from ${agent.url} within 300 ms`,
  ]);
});

describe("putConfiguration", () => {
  const configuration = { Writable: { LogLevel: "INFO" }, Service: { Port: 48080 }, "Odd key": { "a/b": "ü" } };

  test("stores each value as plain text under its own key", async () => {
    using agent = startCannedAgent(() => new Response("true"));
    await clientOf(agent.url).putConfiguration(configuration, { overwrite: true });
    expect(agent.requests.map(({ method, target, body }) => `${method} ${target} ${body}`).toSorted()).toEqual([
      `PUT /v1/kv/${basePath}/Odd%20key/a/b ü`,
      `PUT /v1/kv/${basePath}/Service/Port 48080`,
      `PUT /v1/kv/${basePath}/Writable/LogLevel INFO`,
    ]);
  });

  test("without overwrite stores only keys that do not exist, by compare-and-set", async () => {
    using agent = startCannedAgent(() => new Response("false"));
    await clientOf(agent.url).putConfiguration(configuration, { overwrite: false });
    expect(agent.requests.every(({ target }) => target.endsWith("?cas=0"))).toBe(true);
  });

  test("sends no further requests after an error", async () => {
    using agent = startCannedAgent(() => new Response("disk full", { status: 500 }));
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`key-${at}`, at]));
    expect((await rejectionOf(clientOf(agent.url).putConfiguration(many, { overwrite: true }))).message).toMatch(
      "disk full",
    );
    expect(agent.requests.length).toBeLessThanOrEqual(8);
  });
});

describe("getConfiguration", () => {
  test("returns a copy of the defaults with the stored values, in which a null of Consul is an empty value", async () => {
    using agent = startCannedAgent(() =>
      stored({ "Writable/LogLevel": "DEBUG", "Service/Port": "1", "Service/Host": null }),
    );
    const defaults = { Writable: { LogLevel: "INFO" }, Service: { Port: 48080, Host: "localhost", Check: "10s" } };
    expect(await clientOf(agent.url).getConfiguration(defaults)).toEqual({
      Writable: { LogLevel: "DEBUG" },
      Service: { Port: 1, Host: "", Check: "10s" },
    });
  });

  test("rejects if no key is stored, with an error that names the base path", async () => {
    using agent = startCannedAgent(absent);
    expect((await rejectionOf(clientOf(agent.url).getConfiguration({}))).message).toMatch(
      `the Configuration service (Consul) doesn't contain configuration for ${basePath}/`,
    );
  });
});

describe("watchForChanges", () => {
  const defaults = { LogLevel: "INFO" };

  /**
   * Runs a watch against an agent that gives these answers in turn and then holds the query; returns the callbacks' arguments.
   */
  function watching(answers: ((request: CannedRequest) => Response)[]) {
    const updates: (typeof defaults)[] = [];
    const errors: string[] = [];
    const held = Promise.withResolvers<Response>();
    const agent = startCannedAgent((request) => answers.shift()?.(request) ?? held.promise);
    const clock = new FakeClock();
    const watch = clientOf(agent.url, clock).watchForChanges("/Writable", {
      defaults,
      onUpdate: (update) => updates.push(update),
      onError: (error) => errors.push(error.message),
    });
    const expectUpdates = (...levels: string[]): Promise<void> =>
      within(2_000, async () => {
        await clock.advance(500); // the quiet period
        expect(updates.map(({ LogLevel }) => LogLevel)).toEqual(levels);
      });
    const expectRequests = (count: number): Promise<void> =>
      within(2_000, async () => expect(agent.requests).toHaveLength(count));
    const stop = (): void => {
      watch.stop();
      agent[Symbol.dispose]();
    };
    return { clock, errors, agent, expectUpdates, expectRequests, [Symbol.dispose]: stop };
  }

  const level = (text: string, index: number) => (): Response => stored({ "Writable/LogLevel": text }, index);

  test("calls onUpdate with the stored values, then queries with the last index and calls it after a change", async () => {
    using watch = watching([level("WARN", 5), level("DEBUG", 9)]);
    await watch.expectUpdates("WARN", "DEBUG");
    await watch.expectRequests(3);
    expect(watch.agent.requests.map(({ target }) => target)).toEqual([
      `/v1/kv/${basePath}/Writable/?recurse=`,
      `/v1/kv/${basePath}/Writable/?recurse=&index=5&wait=60000ms`,
      `/v1/kv/${basePath}/Writable/?recurse=&index=9&wait=60000ms`,
    ]);
  });

  test("calls onUpdate with the defaults when all keys are deleted", async () => {
    const gone = (): Response => new Response(null, { status: 404, headers: { "X-Consul-Index": "9" } });
    using watch = watching([level("WARN", 5), gone]);
    await watch.expectUpdates("WARN", "INFO");
  });

  test("pauses after an answer with an unchanged index, and does not call onUpdate", async () => {
    using watch = watching([level("WARN", 5), level("ERROR", 5), level("DEBUG", 6)]);
    await watch.expectRequests(2);
    await watch.clock.advance(400);
    await watch.clock.advance(400);
    await watch.expectRequests(2);
    await watch.expectUpdates("WARN", "DEBUG");
  });

  test("accepts a lower index as a change, since the store can be replaced", async () => {
    using watch = watching([level("WARN", 500), level("DEBUG", 3)]);
    await watch.expectUpdates("WARN", "DEBUG");
    await watch.expectRequests(3);
    expect(watch.agent.requests[2]?.target).toContain("index=3");
  });

  test("calls onError after a failed request and retries, at pauses that grow to ten seconds", async () => {
    const failing = (): Response => new Response("No cluster leader", { status: 500 });
    using watch = watching([failing, failing, failing, failing, failing, failing, level("WARN", 5)]);
    for (const [at, pauseMs] of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000].entries()) {
      await within(2_000, async () => expect(watch.errors).toHaveLength(at + 1));
      await watch.clock.advance(pauseMs - 1);
      await watch.expectRequests(at + 1);
      await watch.clock.advance(1);
    }
    await watch.expectUpdates("WARN");
    expect(watch.errors[0]).toBe("Unexpected response code: 500 (No cluster leader)");
  });

  test("calls onError for an answer without an index, and pauses", async () => {
    using watch = watching([() => Response.json([])]);
    await within(2_000, async () => expect(watch.errors).toHaveLength(1));
    expect(watch.errors[0]).toContain("no X-Consul-Index");
    await watch.expectRequests(1);
  });

  test("passes an error that onUpdate throws to onError, and continues", async () => {
    const errors: string[] = [];
    const levels: string[] = [];
    let index = 0;
    using agent = startCannedAgent(() =>
      index < 2
        ? stored({ "Writable/LogLevel": `L${(index += 1)}` }, index)
        : Promise.withResolvers<Response>().promise,
    );
    const clock = new FakeClock();
    const watch = clientOf(agent.url, clock).watchForChanges("Writable", {
      defaults,
      onUpdate({ LogLevel }) {
        levels.push(LogLevel);
        throw new Error(`no ${LogLevel}`);
      },
      onError: ({ message }) => errors.push(message),
    });
    await within(2_000, async () => {
      await clock.advance(500);
      expect(errors).toEqual(["no L1", "no L2"]);
    });
    watch.stop();
  });

  test('watches the base path for the key "", and ends when its signal aborts', async () => {
    using agent = startCannedAgent(({ target }) =>
      target.includes("index=") ? Promise.withResolvers<Response>().promise : stored({ LogLevel: "WARN" }),
    );
    const clock = new FakeClock();
    const ending = new AbortController();
    const updates: object[] = [];
    clientOf(agent.url, clock).watchForChanges("", {
      defaults,
      signal: ending.signal,
      onUpdate: (update) => updates.push(update),
      onError: (error) => updates.push(error),
    });
    await within(2_000, async () => expect(agent.requests).toHaveLength(2));
    expect(agent.requests[0]?.target).toBe(`/v1/kv/${basePath}/?recurse=`);
    ending.abort();
    await within(2_000, async () => expect(clock.timerCount).toBe(0));
    expect(updates).toEqual([{ LogLevel: "WARN" }]);
  });

  test("calls no callback after stop, and aborts its request", async () => {
    const aborted = Promise.withResolvers<void>();
    using agent = startCannedAgent(({ target, signal }) => {
      if (!target.includes("index=")) return stored({}, 5);
      signal.addEventListener("abort", () => aborted.resolve());
      return new Promise<Response>(() => undefined);
    });
    const updates: object[] = [];
    const errors: object[] = [];
    const watch = clientOf(agent.url).watchForChanges("Writable", {
      defaults,
      onUpdate: (update) => updates.push(update),
      onError: (error) => errors.push(error),
    });
    await within(2_000, async () => expect(agent.requests).toHaveLength(2));
    watch.stop();
    await aborted.promise;
    expect({ updates: updates.length, errors: errors.length }).toEqual({ updates: 1, errors: 0 });
  });
});
