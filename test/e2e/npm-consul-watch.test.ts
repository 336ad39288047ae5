import { expect, onTestFinished, test } from "bun:test";
import { unique } from "../support/conformance.ts";
import { npmConsul } from "../support/npm-consul.ts";
import { startTarget } from "../support/target.ts";
import { within } from "../support/within.ts";
import Consul from "consul";

const consul = await npmConsul();
const soonMs = 5_000;

interface Seen<Answer> {
  readonly changes: Answer[];
  readonly errors: Error[];
  readonly watch: ReturnType<Consul["watch"]>;
}

type Watched = Parameters<Consul["watch"]>[0];

/** Starts a watch that ends after the test, and returns its events. */
function follow<Answer>(client: Consul, wishes: Watched): Seen<Answer> {
  const seen: Seen<Answer> = { changes: [], errors: [], watch: client.watch({ backoffFactor: 10, ...wishes }) };
  seen.watch.on("change", (answer: Answer) => void seen.changes.push(answer));
  seen.watch.on("error", (error: Error) => void seen.errors.push(error));
  onTestFinished(() => seen.watch.end());
  return seen;
}

test("a watch of a key reports that the key is missing, its value, each next value and its deletion", async () => {
  const { kv } = consul;
  const key = unique("npm-watched");
  onTestFinished(async () => void (await kv.del(key)));
  const { changes, errors } = follow<{ Value: string } | undefined>(consul, {
    method: kv.get.bind(kv),
    options: { key, wait: "10s" },
  });
  await within(soonMs, async () => expect(changes).toEqual([undefined]));
  await kv.set(key, "1");
  await within(soonMs, async () => expect(changes.at(-1)?.Value).toBe("1"));
  await kv.set(key, "2");
  await within(soonMs, async () => expect(changes.at(-1)?.Value).toBe("2"));
  await kv.del(key);
  await within(soonMs, async () => expect(changes.at(-1)).toBeUndefined());
  expect(errors).toEqual([]);
});

test("a watch of a service reports when an instance appears, becomes critical and disappears", async () => {
  const { agent, health } = consul;
  const service = unique("npm-watched");
  const check = { name: "alive", checkid: `${service}-alive`, ttl: "1h", timeout: "1s", status: "passing" };
  const { changes, errors } = follow<readonly unknown[]>(consul, {
    method: health.service.bind(health),
    options: { service, passing: "true", wait: "10s" },
  });
  await within(soonMs, async () => expect(changes).toEqual([[]]));
  onTestFinished(async () => void (await agent.service.deregister(service)));
  await agent.service.register({ name: service, check });
  await within(soonMs, async () => expect(changes.at(-1)).toMatchObject([{ Service: { ID: service } }]));
  await agent.check.fail(check.checkid);
  await within(soonMs, async () => expect(changes.at(-1)).toEqual([]));
  await agent.check.pass(check.checkid);
  await within(soonMs, async () => expect(changes.at(-1)).toHaveLength(1));
  await agent.service.deregister(service);
  await within(soonMs, async () => expect(changes.at(-1)).toEqual([]));
  expect(errors).toEqual([]);
});

test("a watch that the client ends reports its end and nothing later", async () => {
  const { kv } = consul;
  const key = unique("npm-watched");
  onTestFinished(async () => void (await kv.del(key)));
  const { changes, watch } = follow(consul, { method: kv.get.bind(kv), options: { key, wait: "10s" } });
  await within(soonMs, async () => expect(changes).toHaveLength(1));
  let ended = 0;
  watch.on("end", () => (ended += 1));
  expect(watch.isRunning()).toBe(true);
  watch.end();
  expect(watch.isRunning()).toBe(false);
  await kv.set(key, "1");
  await kv.get(key);
  expect({ ended, changes: changes.length }).toEqual({ ended: 1, changes: 1 });
});

test("a watch with an invalid request reports the error and ends", async () => {
  const { kv } = consul;
  const { changes, errors, watch } = follow(consul, { method: kv.get.bind(kv), options: { key: "x", wait: "soon" } });
  await within(soonMs, async () => expect(watch.isRunning()).toBe(false));
  expect(errors.map(({ message }) => message)).toEqual(["consul: kv.get: Invalid wait time"]);
  expect(changes).toEqual([]);
});

test("a watch of an endpoint that cannot block reports the error and ends", async () => {
  const { agent } = consul;
  const { errors, watch } = follow(consul, { method: agent.members.bind(agent), options: {} });
  await within(soonMs, async () => expect(watch.isRunning()).toBe(false));
  expect(errors.map(({ message }) => message)).toEqual(["Watch not supported"]);
});

test("a watch outlives a restart of the agent and reports the next change", async () => {
  const target = await startTarget();
  onTestFinished(() => target.stop());
  const { hostname, port } = new URL(target.url);
  const client = new Consul({ host: hostname, port: Number(port) });
  onTestFinished(() => client.destroy());
  const { kv } = client;
  await kv.set("watched", "1");
  const { changes, errors } = follow<{ Value: string } | undefined>(client, {
    method: kv.get.bind(kv),
    options: { key: "watched", wait: "10s" },
    backoffMax: 100,
  });
  await within(soonMs, async () => expect(changes.at(-1)?.Value).toBe("1"));
  await target.restart();
  await kv.set("watched", "2");
  await within(soonMs, async () => expect(changes.at(-1)?.Value).toBe("2"));
  expect(errors).not.toEqual([]);
});
