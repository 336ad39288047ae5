import { afterAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localhostCertificate, otherCertificate, type TestCertificate } from "../support/certificates.ts";
import { exchange } from "../support/exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { openGate, type Gate } from "../support/gate.ts";
import { type BusSubscriber, subscribeBus } from "../support/bus-subscriber.ts";
import { openMosquitto, type Mosquitto, type MosquittoOptions } from "../support/mosquitto.ts";
import { startTarget, type Target } from "../support/target.ts";
import { within } from "../support/within.ts";

const soonMs = 10_000;
const clients = 50;
const writesOfAClient = 20;
const folder = "edgex/v4/core-data/Writable";

interface Platform {
  readonly broker: Mosquitto;
  /** A proxy between the agent and the broker. */
  readonly gate: Gate;
  readonly agent: Target;
  readonly subscriber: BusSubscriber;
}

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.toReversed()) await close();
});

async function openWorld(fields = "", options: MosquittoOptions = {}): Promise<Platform> {
  const broker = await openMosquitto(options);
  closing.push(() => broker.close());
  const gate = await openGate(broker.port);
  closing.push(() => gate.close());
  const [username, password] = options.user ?? [];
  const login = username === undefined || password === undefined ? {} : { username, password };
  const subscriber = await subscribeBus(broker.port, "edgex/configs/#", login);
  closing.push(() => subscriber.close());
  const agent = await startAgent(`mqtt://127.0.0.1:${gate.port}`, fields);
  return { broker, gate, agent, subscriber };
}

async function startAgent(url: string, fields = "", words: readonly string[] = []): Promise<Target> {
  const hcl = `edgex { message_bus { url = "${url}" ${fields} } }`;
  const agent = await startTarget("-hcl", hcl, ...words);
  closing.push(() => agent.stop());
  return agent;
}

async function openTlsMosquitto({ key, cert }: TestCertificate): Promise<Mosquitto> {
  const broker = await openMosquitto({
    lines: (folder) => {
      writeFileSync(join(folder, "key.pem"), key);
      writeFileSync(join(folder, "cert.pem"), cert);
      return [`keyfile ${join(folder, "key.pem")}`, `certfile ${join(folder, "cert.pem")}`];
    },
  });
  closing.push(() => broker.close());
  return broker;
}

async function put({ url }: Target, key: string, value: string): Promise<void> {
  const answer = await exchange(url, "PUT", { path: `/v1/kv/${key}`, body: Buffer.from(value) });
  if (answer.text.trim() !== "true") throw new Error(`${key}: ${answer.status} ${answer.text}`);
}

function logOf({ dataDir }: Target): Promise<string> {
  return Bun.file(`${dataDir}/target.log`).text();
}

/** Increments a number in the key of each client, for all clients concurrently, and passes each written number to `onCount`. */
async function countUp(agent: Target, onCount: (count: number) => void = () => {}): Promise<void> {
  const count = async (client: number): Promise<void> => {
    for (let value = 0; value < writesOfAClient; value++) {
      await put(agent, `edgex/count/${client}`, String(value));
      onCount(value);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => count(client)));
}

async function expectEveryCount(subscriber: BusSubscriber): Promise<void> {
  const all = Array.from({ length: writesOfAClient }, (_, value) => String(value));
  await within(soonMs, async () => {
    for (let client = 0; client < clients; client++) {
      expect(subscriber.valuesOf(`edgex/count/${client}`)).toEqual(all);
    }
  });
  expect(subscriber.backwards()).toEqual([]);
}

describe("a broker", () => {
  test("receives 1,000 writes of 50 concurrent clients in the order of their revisions", async () => {
    const { agent, subscriber } = await openWorld();
    await countUp(agent);
    await expectEveryCount(subscriber);
    const revisions = subscriber.messages.map(({ payload }) => payload.revision);
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
    expect(revisions).toHaveLength(clients * writesOfAClient);
  });

  test("that is killed and restarted while 50 clients write still receives every write", async () => {
    const { agent, broker, gate, subscriber } = await openWorld();
    let isKilled = false;
    const writing = countUp(agent, (count) => {
      if (count < 5 || isKilled) return;
      isKilled = true;
      void broker.kill();
    });
    await writing;
    gate.shut();
    await broker.start();
    await within(soonMs, async () => expect(subscriber.isConnected).toBe(true));
    gate.open();
    await expectEveryCount(subscriber);
  });

  test("receives after a kill of the agent each change that it missed, and no older value of any key", async () => {
    const { agent, gate, subscriber } = await openWorld();
    await put(agent, `${folder}/LogLevel`, "INFO");
    await within(soonMs, async () => expect(subscriber.valuesOf(`${folder}/LogLevel`)).toEqual(["INFO"]));
    gate.shut();
    for (const value of ["DEBUG", "TRACE"]) await put(agent, `${folder}/LogLevel`, value);
    await put(agent, "edgex/gone", "x");
    await exchange(agent.url, "DELETE", { path: "/v1/kv/edgex/gone" });
    gate.open();
    await agent.restart("SIGKILL");
    await within(soonMs, async () => expect(subscriber.valuesOf(`${folder}/LogLevel`).at(-1)).toBe("TRACE"));
    await within(soonMs, async () => expect(subscriber.valuesOf("edgex/gone")).toEqual([undefined]));
    expect(subscriber.backwards()).toEqual([]);
    const count = subscriber.messages.length;
    await agent.restart("SIGTERM");
    await put(agent, "edgex/last", "x");
    await within(soonMs, async () => expect(subscriber.messages.length).toBe(count + 1));
  });

  test.concurrent("that stops reading is disconnected, and receives every change once it responds again", async () => {
    const { agent, gate, subscriber } = await openWorld();
    await put(agent, "edgex/a", "1");
    await within(soonMs, async () => expect(subscriber.valuesOf("edgex/a")).toEqual(["1"]));
    gate.hold();
    await put(agent, "edgex/a", "2");
    await within(20_000, async () => expect(await logOf(agent)).toContain("does not answer within 10 s"));
    gate.shut();
    gate.open();
    await within(soonMs, async () => expect(subscriber.valuesOf("edgex/a")).toEqual(["1", "2"]));
  });

  test.concurrent("that never acknowledges is disconnected after ten seconds, and clients can write meanwhile", async () => {
    const accepted = Buffer.from([0x20, 2, 0, 0]);
    using silent = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (socket, bytes) => void (bytes[0] === 0x10 && socket.write(accepted)) },
    });
    const agent = await startAgent(`mqtt://127.0.0.1:${silent.port}`);
    await within(soonMs, async () => expect(await logOf(agent)).toContain("connected to the message bus"));
    for (let value = 0; value < 100; value++) await put(agent, "edgex/a", String(value));
    await within(20_000, async () =>
      expect(await logOf(agent)).toContain("the broker has acknowledged nothing for 10 s"),
    );
  });

  test.concurrent("that sends unsolicited packets is disconnected, and the agent keeps running", async () => {
    const taken = Buffer.from([0x20, 2, 0, 0]);
    using flooding = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (socket) => void socket.write(Buffer.concat([taken, Buffer.alloc(1e6, "0\u0003\0\u0001ab")])) },
    });
    const agent = await startAgent(`mqtt://127.0.0.1:${flooding.port}`);
    await within(soonMs, async () => expect(await logOf(agent)).toContain("sent an unexpected packet"));
    await put(agent, "edgex/a", "1");
  });

  test.concurrent("with TLS receives messages only if ca_file verifies its certificate for its name", async () => {
    const [broker, other] = await Promise.all([localhostCertificate, otherCertificate].map(openTlsMosquitto));
    const ca = join(tmpdir(), `bus-ca-${broker?.port}.pem`);
    writeFileSync(ca, `${localhostCertificate.cert}\n${otherCertificate.cert}`);
    closing.push(() => rmSync(ca));
    const start = (port: number, ...words: readonly string[]): Promise<Target> =>
      startAgent(`mqtts://localhost:${port}`, "", words);
    const [trusting, doubting, mistaken] = await Promise.all([
      start(broker?.port ?? 0, "-hcl", `ca_file = "${ca}"`),
      start(broker?.port ?? 0),
      start(other?.port ?? 0, "-hcl", `ca_file = "${ca}"`),
    ]);
    await within(soonMs, async () => expect(await logOf(trusting)).toContain(": connected to the message bus"));
    await within(soonMs, async () => expect(await logOf(doubting)).toContain("self signed certificate"));
    await within(soonMs, async () => expect(await logOf(mistaken)).toContain("not connected to the message bus"));
    for (const agent of [doubting, mistaken]) expect(await logOf(agent)).not.toContain(": connected");
  });

  test.concurrent("that requires a password receives messages only with it, and the log states the remedy once", async () => {
    const user = ["praetor", "right"] as const;
    const world = await openWorld(`username = "praetor" password = "wrong"`, { user });
    const { broker, agent: wrong, gate, subscriber } = world;
    await put(wrong, "edgex/a", "1");
    await within(soonMs, async () => expect(gate.arrivals).toBe(3));
    expect((await logOf(wrong)).split("check username and password")).toHaveLength(2);
    expect(subscriber.messages).toEqual([]);
    const right = await startAgent(`mqtt://praetor:right@127.0.0.1:${broker.port}`);
    await put(right, "edgex/b", "1");
    await within(soonMs, async () => expect(subscriber.valuesOf("edgex/b")).toEqual(["1"]));
  });

  test.concurrent("receives, at the next attempt to connect, the user name and password set over core-keeper's API", async () => {
    const user = ["praetor", "right"] as const;
    const broker = await openMosquitto({ user });
    closing.push(() => broker.close());
    const login = { username: user[0], password: user[1] };
    const subscriber = await subscribeBus(broker.port, "edgex/configs/#", login);
    closing.push(() => subscriber.close());
    const [keeperPort = 0] = await freePorts(1);
    const agent = await startAgent(`mqtt://127.0.0.1:${broker.port}`, "", ["-keeper-port", String(keeperPort)]);
    await put(agent, "edgex/a", "1");
    await within(soonMs, async () => expect(await logOf(agent)).toContain("check username and password"));
    const secretData = Object.entries(login).map(([key, value]) => ({ key, value }));
    const secret = JSON.stringify({ apiVersion: "v3", secretName: "mqtt-bus", secretData });
    const path = "/api/v3/secret";
    const answer = await exchange(`http://127.0.0.1:${keeperPort}`, "POST", { path, body: Buffer.from(secret) });
    expect(answer.status).toBe(201);
    await within(30_000, async () => expect(subscriber.valuesOf("edgex/a")).toEqual(["1"]));
  });
});

describe("a message of the bus", () => {
  test.each([
    ["base64_payload = true", "application/json"],
    ["cbor = true", "application/cbor"],
  ])("with the setting %s has the content type %s and can be decoded", async (fields, contentType) => {
    const { agent, subscriber } = await openWorld(fields);
    await put(agent, `${folder}/LogLevel`, "DEBUG");
    await within(soonMs, async () =>
      expect(subscriber.messages).toMatchObject([
        {
          topic: `edgex/configs/${folder}/LogLevel`,
          contentType,
          payload: { key: `${folder}/LogLevel`, value: "DEBUG" },
        },
      ]),
    );
  });

  test("about a key with MQTT wildcards has a topic without wildcards", async () => {
    const { agent, subscriber } = await openWorld();
    await put(agent, "edgex/a%2Bb/%23", "1");
    await within(soonMs, async () =>
      expect(subscriber.messages).toMatchObject([
        { topic: "edgex/configs/edgex/a%2Bb/%23", payload: { key: "edgex/a+b/#" } },
      ]),
    );
  });
});

test("a service that follows its settings as EdgeX's Go client does gets one update for each change of them", async () => {
  const { agent, broker } = await openWorld();
  const updates: Record<string, string>[] = [];
  const follow = async ({ payload }: { readonly payload: { readonly key: string; readonly value?: string } }) => {
    const { json } = await exchange(agent.url, "GET", { path: `/v1/kv/${folder}?recurse` });
    const pairs = (json as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, atob(Value)] as const);
    const settings = Object.fromEntries(pairs);
    // A different value means that a message with a newer value follows.
    if (payload.key in settings && settings[payload.key] !== payload.value) return;
    updates.push(settings);
  };
  const service = await subscribeBus(broker.port, `edgex/configs/${folder}/#`, {
    onMessage: (message) => void follow(message),
  });
  closing.push(() => service.close());
  await put(agent, `${folder}/LogLevel`, "DEBUG");
  await put(agent, "edgex/v4/core-command/Writable/LogLevel", "TRACE");
  await within(soonMs, async () => expect(updates).toEqual([{ [`${folder}/LogLevel`]: "DEBUG" }]));
  await put(agent, `${folder}/Telemetry/Interval`, "30");
  await within(soonMs, async () => expect(updates).toHaveLength(2));
  expect(updates.at(-1)).toEqual({ [`${folder}/LogLevel`]: "DEBUG", [`${folder}/Telemetry/Interval`]: "30" });
});
