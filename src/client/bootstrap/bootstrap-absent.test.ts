import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { arrived } from "../../../test/support/arrived.ts";
import { type CannedAgent, type CannedRequest, startCannedAgent } from "../../../test/support/canned-agent.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { rejectionOf } from "../../../test/support/rejection.ts";
import { within } from "../../../test/support/within.ts";
import { bootstrap, type BootstrapOptions, type Service } from "./bootstrap.ts";

/* Tests of services whose registry is absent, refuses requests, or starts later. The clock is a fake. */

const defaults = {
  Writable: { LogLevel: "INFO" },
  Service: { Host: "h", Port: 48080 },
  Startup: { Duration: 30, Interval: 1 },
};
type Defaults = typeof defaults;
const base = "edgex/core/1.0/s/";

let folder: string;
let clock: FakeClock;
let logged: string[];
let agent: CannedAgent | undefined;
const open: Service<Defaults>[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bootstrap-"));
  writeFileSync(join(folder, "configuration.json"), "{}");
  clock = new FakeClock();
  logged = [];
});
afterEach(async () => {
  agent?.[Symbol.dispose]();
  await Promise.all(open.splice(0).map((service) => service.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** A registry in memory that records the requests of services. A test can set `answer` to replace answers. */
class Registry {
  readonly stored = new Map<string, string>();
  /** The ports of all registrations, in order. */
  readonly registered: number[] = [];
  /** The answer to /v1/agent/services, by service id. */
  #services: Record<string, object> = {};
  #index = 1;
  #changed = Promise.withResolvers<void>();
  answer: (request: CannedRequest) => Response | Promise<Response> | undefined = () => undefined;

  handle(request: CannedRequest): Response | Promise<Response> {
    return this.answer(request) ?? this.#answer(request);
  }

  /** Removes the service, and wakes blocking queries. */
  forgetService(): void {
    this.#services = {};
    this.#index += 1;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #answer({ method, target, body }: CannedRequest): Promise<Response> {
    const { pathname, searchParams } = new URL(target, "http://agent");
    if (searchParams.get("index") === String(this.#index)) await this.#changed.promise;
    if (pathname.startsWith("/v1/kv/")) return this.#answerKv(method, { key: pathname.slice(7), searchParams, body });
    if (pathname === "/v1/agent/service/register") this.#register(JSON.parse(body).Port);
    if (pathname.startsWith("/v1/agent/service/deregister/")) this.forgetService();
    if (pathname === "/v1/agent/services") return Response.json(this.#services);
    if (!pathname.startsWith("/v1/health/")) return new Response("");
    return this.#indexed(Object.values(this.#services).map((Service) => ({ Service })));
  }

  #register(Port: number): void {
    this.registered.push(Port);
    this.#services = { s: { ID: "s", Address: "h", Port } };
  }

  #answerKv(method: string, { key, searchParams, body }: KvRequest): Response {
    if (method === "PUT") {
      if (searchParams.get("cas") === "0" && this.stored.has(key)) return new Response("false");
      this.stored.set(key, body);
      return new Response("true");
    }
    const found = [...this.stored].filter(([name]) => name.startsWith(key));
    const rows = found.map(([Key, text]) => (searchParams.has("keys") ? Key : { Key, Value: btoa(text) }));
    return this.#indexed(rows, found.length === 0 ? 404 : 200);
  }

  #indexed(json: unknown, status = 200): Response {
    return Response.json(json, { status, headers: { "X-Consul-Index": String(this.#index) } });
  }
}

interface KvRequest {
  readonly key: string;
  readonly searchParams: URLSearchParams;
  readonly body: string;
}

function openRegistry(): Registry {
  const registry = new Registry();
  agent = startCannedAgent((request) => registry.handle(request));
  return registry;
}

const isAbsent = (): Response => new Response("No cluster leader", { status: 500 });

function start(options: Partial<BootstrapOptions<Defaults>> = {}): Promise<Service<Defaults>> {
  const note = (line: string): void => void logged.push(line);
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
  starting.catch(() => {}); // the test awaits `starting` later
  return starting;
}

/** Advances the clock by half seconds until the expectation holds. Between the steps it lets answers arrive. */
function expectInTime(expectation: () => void): Promise<void> {
  return within(10_000, async () => {
    await clock.advance(500);
    await arrived(10);
    expectation();
  });
}

async function secondsUntil(promise: Promise<unknown>): Promise<number> {
  let isDone = false;
  void Promise.allSettled([promise]).then(() => (isDone = true));
  await expectInTime(() => expect(isDone).toBe(true));
  return clock.monotonicMs() / 1_000;
}

const targets = (): string[] => agent?.requests.map(({ target }) => target) ?? [];
const leaderAsked = (): number => targets().filter((target) => target === "/v1/status/leader").length;

describe("a registry at the start of a service", () => {
  test("that is absent is called every second until the time limit, and then the local configuration is used", async () => {
    openRegistry().answer = isAbsent;
    const starting = start({ env: {} });
    expect(await secondsUntil(starting)).toBeWithin(30, 33);
    expect(leaderAsked()).toBeWithin(25, 31);
    const { configuration, registry } = await starting;
    expect(configuration).toEqual(defaults);
    expect(registry).toBeDefined();
    expect(logged.join("\n")).toContain(
      "going on without the configuration provider: the local configuration counts until it answers; configuration provider is not available: Unexpected response code: 500 (No cluster leader)",
    );
  });

  test("that is absent but required fails the start at the time limit, with the error text of EdgeX's services", async () => {
    openRegistry().answer = isAbsent;
    const starting = start({ requireRegistry: true, argv: [`-r=consul://${new URL(agent?.url ?? "").host}`] });
    await secondsUntil(starting);
    expect((await rejectionOf(starting)).message).toStartWith(
      "unable to register with Registry in allotted time: configuration provider is not available: ",
    );
    expect(clock.timerCount).toBe(0);
  });

  test("that answers but refuses the registration fails the start with the registry's error", async () => {
    openRegistry().answer = ({ target }) =>
      target === "/v1/agent/service/register" ? new Response("too busy", { status: 503 }) : undefined;
    const starting = start({ requireRegistry: true });
    await secondsUntil(starting);
    expect((await rejectionOf(starting)).message).toBe(
      "unable to register with Registry in allotted time: could not register service with Registry: Unexpected response code: 503 (too busy)",
    );
  });

  test("that is absent is called with the time limit and the interval that the environment sets", async () => {
    openRegistry().answer = isAbsent;
    const starting = start({ env: { EDGEX_STARTUP_DURATION: "6", EDGEX_STARTUP_INTERVAL: "3" } });
    expect(await secondsUntil(starting)).toBeWithin(6, 9);
    expect(leaderAsked()).toBeWithin(2, 4);
  });

  test("that accepts requests and never answers does not extend the time limit of the start", async () => {
    openRegistry().answer = () => new Promise(() => {});
    const starting = start({ env: { EDGEX_STARTUP_DURATION: "12" } });
    expect(await secondsUntil(starting)).toBeWithin(12, 15);
  });

  test("that starts later gets the registration, and the service applies the stored configuration as updates", async () => {
    const registry = openRegistry();
    registry.answer = isAbsent;
    const starting = start();
    await secondsUntil(starting);
    const service = await starting;
    const received: object[] = [];
    service.onWritableChange((writable) => received.push(writable));
    registry.stored.set(`${base}Writable/LogLevel`, "DEBUG");
    registry.stored.set(`${base}Service/Port`, "1");
    registry.answer = () => undefined;
    await expectInTime(() => expect(registry.registered).toEqual([48080]));
    await expectInTime(() => expect(received).toEqual([{ LogLevel: "DEBUG" }]));
    expect(service.configuration).toMatchObject({ Writable: { LogLevel: "DEBUG" }, Service: { Port: 48080 } });
    expect(logged).toContain("the stored configuration differs in Writable.LogLevel, Service.Port");
    await expectInTime(() => expect(targets()).toContain(`/v1/kv/${base}Writable/?recurse=&index=1&wait=60000ms`));
  });

  test("that starts later without a stored configuration gets the service's local configuration", async () => {
    const registry = openRegistry();
    registry.answer = isAbsent;
    await secondsUntil(start());
    registry.answer = () => undefined;
    await expectInTime(() => expect(registry.stored.get(`${base}Service/Port`)).toBe("48080"));
  });

  test("that is absent is not called after the service has stopped", async () => {
    openRegistry().answer = isAbsent;
    const starting = start();
    await secondsUntil(starting);
    await (await starting).stop();
    expect(clock.timerCount).toBe(0);
    expect(targets().some((target) => target.includes("deregister"))).toBe(false);
  });
});

test("after an interrupted push of the configuration, the next attempt completes the push before it pulls", async () => {
  const registry = openRegistry();
  let fails = true;
  registry.answer = ({ method, target }) =>
    fails && method === "PUT" && target.includes("Service/Port") ? new Response("full", { status: 500 }) : undefined;
  const starting = start({ argv: [`-cp=consul.${agent?.url}`], env: { EDGEX_STARTUP_DURATION: "3000" } });
  await expectInTime(() =>
    expect(logged.join()).toMatch(/could not push configuration into Configuration Provider: .*500 \(full\)/),
  );
  fails = false;
  await secondsUntil(starting);
  expect(registry.stored.get(`${base}Service/Port`)).toBe("48080");
});

describe("a service's first start", () => {
  /** Writes keys between the service's look-up, which finds nothing stored, and its push. */
  const writeInBetween = (registry: Registry, keys: Readonly<Record<string, string>>): void => {
    registry.answer = ({ method }) => {
      if (method !== "PUT") return undefined;
      registry.answer = () => undefined;
      for (const [key, value] of Object.entries(keys)) registry.stored.set(`${base}${key}`, value);
      return undefined;
    };
  };

  test("keeps and uses values that an operator and the registry store while the service pushes its configuration", async () => {
    const registry = openRegistry();
    writeInBetween(registry, { "Writable/LogLevel": "DEBUG", "Service/Port": "28000" });
    const service = await start({ argv: [`-cp=consul.${agent?.url}`] });
    expect(service.configuration).toMatchObject({
      Writable: { LogLevel: "DEBUG" },
      Service: { Host: "h", Port: 28000 },
    });
    expect(Object.fromEntries(registry.stored)).toMatchObject({
      [`${base}Writable/LogLevel`]: "DEBUG",
      [`${base}Service/Port`]: "28000",
      [`${base}Service/Host`]: "h",
    });
  });

  test("keeps values that other clients stored, even if its first push was interrupted", async () => {
    const registry = openRegistry();
    registry.answer = ({ method, target }) => {
      if (method !== "PUT" || !target.includes("Service/Port")) return undefined;
      registry.stored.set(`${base}Writable/LogLevel`, "DEBUG");
      registry.answer = () => undefined;
      return new Response("full", { status: 500 });
    };
    const starting = start({ argv: [`-cp=consul.${agent?.url}`], env: { EDGEX_STARTUP_DURATION: "3600" } });
    await secondsUntil(starting);
    expect((await starting).configuration).toMatchObject({ Writable: { LogLevel: "DEBUG" }, Service: { Port: 48080 } });
    expect(registry.stored.get(`${base}Writable/LogLevel`)).toBe("DEBUG");
  });

  test("with -o replaces values that other clients stored", async () => {
    const registry = openRegistry();
    writeInBetween(registry, { "Writable/LogLevel": "DEBUG" });
    const service = await start({ argv: [`-cp=consul.${agent?.url}`, "-o"] });
    expect(service.configuration.Writable.LogLevel).toBe("INFO");
    expect(registry.stored.get(`${base}Writable/LogLevel`)).toBe("INFO");
  });
});

test("a stored configuration that cannot be parsed is pulled until the time limit; then the service registers", async () => {
  const registry = openRegistry();
  registry.stored.set(`${base}Service/Port`, "high");
  const starting = start();
  await secondsUntil(starting);
  expect(logged.join()).toContain("cannot parse 'Service.Port' as number");
  await expectInTime(() => expect(registry.registered).toEqual([48080]));
});

describe("a registry that refuses a taken port", () => {
  const refusing = (registry: Registry): void => {
    registry.answer = ({ target, body }) =>
      target === "/v1/agent/service/register" && JSON.parse(body).Port === 48080
        ? new Response("port 48080 is edgex-core-data's", { status: 409 })
        : undefined;
  };

  test("moves the service to the port that it has assigned", async () => {
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

  test("and assigns no other port gets the registration again, until the time limit", async () => {
    refusing(openRegistry());
    const starting = start({ requireRegistry: true });
    await secondsUntil(starting);
    expect((await rejectionOf(starting)).message).toContain("409 (port 48080 is edgex-core-data's)");
  });
});

describe("a service that the registry has lost", () => {
  const asksForService = (): number => targets().filter((target) => target.startsWith("/v1/health/service/s")).length;

  test("is registered again as soon as the registry accepts it", async () => {
    const registry = openRegistry();
    await start();
    await expectInTime(() => expect(asksForService()).toBe(2));
    registry.answer = ({ target }) => (target.startsWith("/v1/agent/") ? isAbsent() : undefined);
    registry.forgetService();
    const { length } = logged;
    await expectInTime(() => expect(logged.length - length).toBeGreaterThan(3));
    expect(registry.registered).toEqual([48080]);
    registry.answer = () => undefined;
    await expectInTime(() => expect(registry.registered).toEqual([48080, 48080]));
  });

  test("is not registered again by its program if the agent still has it and writes it to the catalog again", async () => {
    const registry = openRegistry();
    let isLate = true;
    registry.answer = ({ target }) =>
      isLate && target === "/v1/health/service/s"
        ? Response.json([], { headers: { "X-Consul-Index": "2" } })
        : undefined;
    const service = await start();
    await expectInTime(() => expect(targets().filter((target) => target === "/v1/agent/services")).toHaveLength(2));
    isLate = false;
    await expectInTime(() => expect(targets().at(-1)).toContain("/v1/health/service/s?index="));
    await service.stop();
    expect(registry.registered).toEqual([48080]);
    expect(clock.timerCount).toBe(0);
  });

  test("is not registered again after its own program unregistered it", async () => {
    const registry = openRegistry();
    const service = await start();
    await expectInTime(() => expect(asksForService()).toBe(2));
    await service.registry?.unregister();
    await expectInTime(() => expect(asksForService()).toBe(3));
    await clock.advance(60_000);
    expect(registry.registered).toEqual([48080]);
  });
});

test("a listener that does not close delays the stop of a service by at most five seconds", async () => {
  const registry = openRegistry();
  const service = await start({ listen: () => () => new Promise(() => {}) });
  const startedMs = clock.monotonicMs();
  await secondsUntil(service.stop());
  expect(clock.monotonicMs() - startedMs).toBeWithin(5_000, 9_000);
  expect(targets()).toContain("/v1/agent/service/deregister/s");
  expect(registry.registered).toEqual([48080]);
});
