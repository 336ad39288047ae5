import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CannedAgent, type CannedRequest, startCannedAgent } from "../../../test/support/canned-agent.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { rejectionOf } from "../../../test/support/rejection.ts";
import { within } from "../../../test/support/within.ts";
import { bootstrap, type BootstrapOptions, type Service } from "./bootstrap.ts";

/* Services whose registry is not there, refuses, or comes later; under a clock that is moved. */

const defaults = {
  Writable: { LogLevel: "INFO" },
  Service: { Host: "h", Port: 48080 },
  Startup: { Duration: 30, Interval: 1 },
};
type Defaults = typeof defaults;
const base = "edgex/core/1.0/s/";

let folder: string;
let clock: FakeClock;
let said: string[];
let agent: CannedAgent | undefined;
const open: Service<Defaults>[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bootstrap-"));
  writeFileSync(join(folder, "configuration.json"), "{}");
  clock = new FakeClock();
  said = [];
});
afterEach(async () => {
  agent?.[Symbol.dispose]();
  await Promise.all(open.splice(0).map((service) => service.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** A registry that keeps what is stored, as far as services need it. `answer` goes before. */
class Registry {
  readonly stored = new Map<string, string>();
  readonly registered: number[] = [];
  answer: (request: CannedRequest) => Response | Promise<Response> | undefined = () => undefined;

  handle(request: CannedRequest): Response | Promise<Response> {
    return this.answer(request) ?? this.#answer(request);
  }

  #answer({ method, target, body, signal }: CannedRequest): Response | Promise<Response> {
    const { pathname, searchParams } = new URL(target, "http://agent");
    if (pathname === "/v1/agent/service/register") this.registered.push(JSON.parse(body).Port);
    if (!pathname.startsWith("/v1/kv/")) return new Response("");
    const key = pathname.slice("/v1/kv/".length);
    if (method === "PUT") {
      this.stored.set(key, body);
      return new Response("true");
    }
    if (searchParams.has("index")) return new Promise((_, reject) => signal.addEventListener("abort", reject));
    const found = [...this.stored].filter(([name]) => name.startsWith(key));
    const status = found.length === 0 ? 404 : 200;
    const rows = found.map(([Key, text]) => (searchParams.has("keys") ? Key : { Key, Value: btoa(text) }));
    return Response.json(rows, { status, headers: { "X-Consul-Index": "1" } });
  }
}

function openRegistry(): Registry {
  const registry = new Registry();
  agent = startCannedAgent((request) => registry.handle(request));
  return registry;
}

const isAbsent = (): Response => new Response("No cluster leader", { status: 500 });

function start(options: Partial<BootstrapOptions<Defaults>> = {}): Promise<Service<Defaults>> {
  const note = (line: string): void => void said.push(line);
  const url = `consul.${agent?.url}`;
  const starting = bootstrap({
    ...{ serviceKey: "s", defaults, clock, env: { EDGEX_STARTUP_DURATION: "3" } },
    log: { debug: note, info: note, warn: note, error: note },
    listen: () => () => {},
    ...options,
    argv: ["-c", folder, ...(options.argv ?? [`-cp=${url}`, "-r"])],
  }).then((service) => {
    open.push(service);
    return service;
  });
  starting.catch(() => {}); // looked at later
  return starting;
}

/** Moves the clock by half seconds, with time for answers, until this holds. */
function expectInTime(expectation: () => void): Promise<void> {
  return within(10_000, async () => {
    await clock.advance(500);
    expectation();
  });
}

async function secondsUntil(promise: Promise<unknown>): Promise<number> {
  let isDone = false;
  void Promise.allSettled([promise]).then(() => (isDone = true));
  await expectInTime(() => expect(isDone).toBe(true));
  return clock.monotonicMs() / 1_000;
}

const leaderAsked = (): number => agent?.requests.filter(({ target }) => target === "/v1/status/leader").length ?? 0;

describe("an absent registry", () => {
  test("is asked every second up to the limit; then the start goes on with what is local", async () => {
    openRegistry().answer = isAbsent;
    const starting = start({ env: {} });
    expect(await secondsUntil(starting)).toBeWithin(30, 31);
    expect(leaderAsked()).toBeWithin(29, 31);
    const { configuration, registry } = await starting;
    expect(configuration).toEqual(defaults);
    expect(registry).toBeDefined();
    expect(said.join("\n")).toContain(
      "going on without the configuration provider: the local configuration counts until it answers; configuration provider is not available: Unexpected response code: 500 (No cluster leader)",
    );
  });

  test("ends the start at the limit when it is required, in the words of EdgeX's services", async () => {
    openRegistry().answer = isAbsent;
    const starting = start({ requireRegistry: true, argv: [`-r=consul://${new URL(agent?.url ?? "").host}`] });
    await secondsUntil(starting);
    expect((await rejectionOf(starting)).message).toStartWith(
      "unable to register with Registry in allotted time: configuration provider is not available: ",
    );
    expect(clock.timerCount).toBe(0);
  });

  test("that only does not register ends it with the registry's words", async () => {
    openRegistry().answer = ({ target }) =>
      target === "/v1/agent/service/register" ? new Response("too busy", { status: 503 }) : undefined;
    const starting = start({ requireRegistry: true });
    await secondsUntil(starting);
    expect((await rejectionOf(starting)).message).toBe(
      "unable to register with Registry in allotted time: could not register service with Registry: Unexpected response code: 503 (too busy)",
    );
  });

  test("the limit and the interval are those of the environment", async () => {
    openRegistry().answer = isAbsent;
    const starting = start({ env: { EDGEX_STARTUP_DURATION: "6", EDGEX_STARTUP_INTERVAL: "3" } });
    expect(await secondsUntil(starting)).toBeWithin(6, 7);
    expect(leaderAsked()).toBeWithin(2, 4);
  });

  test("that takes requests and never answers holds the start up no longer", async () => {
    openRegistry().answer = () => new Promise(() => {});
    const starting = start({ env: { EDGEX_STARTUP_DURATION: "12" } });
    expect(await secondsUntil(starting)).toBeWithin(12, 13);
  });

  test("that comes later is told of the service, and its configuration is taken up as updates", async () => {
    const registry = openRegistry();
    registry.answer = isAbsent;
    const starting = start();
    await secondsUntil(starting);
    const service = await starting;
    const told: object[] = [];
    service.onWritableChange((writable) => told.push(writable));
    registry.stored.set(`${base}Writable/LogLevel`, "DEBUG");
    registry.stored.set(`${base}Service/Port`, "1");
    registry.answer = () => undefined;
    await expectInTime(() => expect(registry.registered).toEqual([48080]));
    await expectInTime(() => expect(told).toEqual([{ LogLevel: "DEBUG" }]));
    expect(service.configuration).toMatchObject({ Writable: { LogLevel: "DEBUG" }, Service: { Port: 48080 } });
    expect(said).toContain("the stored configuration differs in Writable.LogLevel, Service.Port");
    await expectInTime(() =>
      expect(agent?.requests.at(-1)?.target).toBe(`/v1/kv/${base}Writable/?recurse=&index=1&wait=60000ms`),
    );
  });

  test("that comes later and is empty is given the configuration", async () => {
    const registry = openRegistry();
    registry.answer = isAbsent;
    await secondsUntil(start());
    registry.answer = () => undefined;
    await expectInTime(() => expect(registry.stored.get(`${base}Service/Port`)).toBe("48080"));
  });

  test("is left alone when the service was stopped", async () => {
    openRegistry().answer = isAbsent;
    const starting = start();
    await secondsUntil(starting);
    await (await starting).stop();
    expect(clock.timerCount).toBe(0);
    expect(agent?.requests.some(({ target }) => target.includes("deregister"))).toBe(false);
  });
});

test("a push that was cut off is done whole at the next attempt, not taken for what was stored", async () => {
  const registry = openRegistry();
  let fails = true;
  registry.answer = ({ method, target }) =>
    fails && method === "PUT" && target.endsWith("Service/Port") ? new Response("full", { status: 500 }) : undefined;
  const starting = start({ argv: [`-cp=consul.${agent?.url}`] });
  await expectInTime(() =>
    expect(said.join()).toMatch(/could not push configuration into Configuration Provider: .*500 \(full\)/),
  );
  fails = false;
  await secondsUntil(starting);
  expect(registry.stored.get(`${base}Service/Port`)).toBe("48080");
});

test("what is stored and cannot be read is tried until the limit, and does not keep the service from registering", async () => {
  const registry = openRegistry();
  registry.stored.set(`${base}Service/Port`, "high");
  const starting = start();
  await secondsUntil(starting);
  expect(said.join()).toContain("cannot parse 'Service.Port' as number");
  await expectInTime(() => expect(registry.registered).toEqual([48080]));
});

describe("a registry that refuses the port as somebody else's", () => {
  const refusing = (registry: Registry): void => {
    registry.answer = ({ target, body }) =>
      target === "/v1/agent/service/register" && JSON.parse(body).Port === 48080
        ? new Response("port 48080 is edgex-core-data's", { status: 409 })
        : undefined;
  };

  test("has the service go over to the one that it has assigned", async () => {
    const registry = openRegistry();
    refusing(registry);
    const listening: string[] = [];
    const service = start({
      listen(port) {
        listening.push(`open ${port}`);
        if (port === 48080) registry.stored.set(`${base}Service/Port`, "28000");
        return () => listening.push(`close ${port}`);
      },
    });
    expect((await service).configuration.Service.Port).toBe(28000);
    expect(registry.registered).toEqual([28000]);
    expect(listening).toEqual(["open 48080", "open 28000", "close 48080"]);
  });

  test("and assigns none is tried again", async () => {
    refusing(openRegistry());
    const starting = start({ requireRegistry: true });
    await secondsUntil(starting);
    expect((await rejectionOf(starting)).message).toContain("409 (port 48080 is edgex-core-data's)");
  });
});

test("a listener that does not close holds the end of the service up no longer than five seconds", async () => {
  const registry = openRegistry();
  const service = await start({ listen: () => () => new Promise(() => {}) });
  const startedMs = clock.monotonicMs();
  await secondsUntil(service.stop());
  expect(clock.monotonicMs() - startedMs).toBeWithin(5_000, 9_000);
  expect(agent?.requests.some(({ target }) => target === "/v1/agent/service/deregister/s")).toBe(true);
  expect(registry.registered).toEqual([48080]);
});
