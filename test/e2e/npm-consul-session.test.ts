import { expect, onTestFinished, test } from "bun:test";
import { unique } from "../support/conformance.ts";
import { npmConsul, refusalOf } from "../support/npm-consul.ts";

const consul = await npmConsul();
const { session, kv, transaction } = consul;

/** Creates a session without a lock delay that is destroyed after the test. */
async function create(wishes: Parameters<typeof session.create>[0] = {}): Promise<string> {
  const { ID } = await session.create({ lockdelay: "0s", ...wishes });
  onTestFinished(async () => void (await session.destroy(ID)));
  return ID;
}

function folder(): string {
  const name = `${unique("npm")}/`;
  onTestFinished(async () => void (await kv.del({ key: name, recurse: true })));
  return name;
}

test("a session is created with all fields, and read back with them", async () => {
  const id = await create({ name: "mine", ttl: "30s", behavior: "delete", lockdelay: "2s" });
  expect(await session.info(id)).toMatchObject({
    ID: id,
    Name: "mine",
    Node: "node1",
    LockDelay: 2_000_000_000,
    Behavior: "delete",
    TTL: "30s",
    NodeChecks: ["serfHealth"],
    ServiceChecks: null,
  });
  expect(await session.get(id)).toMatchObject({ ID: id });
});

test("a session is in the list of all sessions and in that of its node, and in no other node's list", async () => {
  const id = await create();
  const ids = (sessions: readonly { ID: string }[]): string[] => sessions.map(({ ID }) => ID);
  expect(ids(await session.list())).toContain(id);
  expect(ids(await session.node("node1"))).toContain(id);
  expect(await session.node("nobody")).toEqual([]);
});

test("session.renew renews a session and returns it", async () => {
  const id = await create({ ttl: "30s" });
  expect(await session.renew(id)).toMatchObject([{ ID: id, TTL: "30s" }]);
  const nobody = "11111111-2222-3333-4444-555555555555";
  expect(await refusalOf(session.renew(nobody))).toEqual({ status: 404, body: `Session id '${nobody}' not found` });
});

test("a destroyed session is not found, and a second attempt to destroy it succeeds", async () => {
  const id = await create();
  expect(await session.destroy(id)).toBeUndefined();
  expect(await session.info(id)).toBeUndefined();
  expect(await session.destroy(id)).toBeUndefined();
});

test("a session with a TTL out of range is refused with a reason", async () => {
  expect(await refusalOf(session.create({ ttl: "1s" }))).toEqual({
    status: 500,
    body: "Invalid Session TTL '1000000000', must be between [10s=24h0m0s]",
  });
});

test("the end of a session unlocks its key, or deletes the key if the behavior of the session is delete", async () => {
  const name = folder();
  const [releasing, deleting] = [await create(), await create({ behavior: "delete" })];
  await kv.set({ key: `${name}kept`, value: "1", acquire: releasing });
  await kv.set({ key: `${name}lost`, value: "1", acquire: deleting });
  await session.destroy(releasing);
  await session.destroy(deleting);
  expect(await kv.get(`${name}kept`)).not.toHaveProperty("Session");
  expect(await kv.keys(name)).toEqual([`${name}kept`]);
});

test("clients that contend for a lock acquire it one after the other", async () => {
  const key = `${folder()}leader`;
  const served: number[] = [];
  const campaign = async (at: number): Promise<void> => {
    const id = await create({ name: `candidate ${at}` });
    for (;;) {
      if (await kv.set({ key, value: `${at}`, acquire: id })) break;
      await untilFree(key);
    }
    expect(await kv.get(key)).toMatchObject({ Value: `${at}`, Session: id });
    served.push(at);
    await session.destroy(id);
  };
  await Promise.all([0, 1, 2, 3].map(campaign));
  expect(new Set(served)).toEqual(new Set([0, 1, 2, 3]));
});

/** Resolves when no session holds the key's lock. It watches the key, as the package's users do. */
function untilFree(key: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const watch = consul.watch({ method: kv.get.bind(kv), options: { key, wait: "5s" } });
    watch.on("error", reject);
    watch.on("change", (entry?: { Session?: string }) => {
      if (entry?.Session !== undefined) return;
      watch.end();
      resolve();
    });
  });
}

test("a transaction executes all its operations and returns their results", async () => {
  const name = folder();
  const value = Buffer.from("hello").toString("base64");
  const { Results, Errors } = await transaction.create([
    { KV: { Verb: "set", Key: `${name}a`, Value: value, Flags: 7 } },
    { KV: { Verb: "get", Key: `${name}a` } },
  ] as never);
  expect(Errors).toBeNull();
  const row = { Key: `${name}a`, Flags: 7, LockIndex: 0 };
  expect(Results).toMatchObject([{ KV: { ...row, Value: null } }, { KV: { ...row, Value: value } }]);
  expect((await kv.get(`${name}a`))?.Value).toBe("hello");
});

test("a transaction with an operation that fails executes none, and the error names the operation", async () => {
  const name = folder();
  const attempt = transaction.create([
    { KV: { Verb: "set", Key: `${name}a`, Value: "aGk=" } },
    { KV: { Verb: "check-index", Key: `${name}b`, Index: 3 } },
  ] as never);
  const what = `failed to check index, key "${name}b" doesn't exist`;
  expect(await refusalOf(attempt)).toEqual({
    status: 409,
    body: { Results: null, Errors: [{ OpIndex: 1, What: what }] },
  });
  expect(await kv.get(`${name}a`)).toBeUndefined();
});

test("a transaction registers a node, a service and its check together", async () => {
  const node = unique("npm-node");
  onTestFinished(async () => void (await consul.catalog.deregister(node)));
  const { Errors } = await transaction.create([
    { Node: { Verb: "set", Node: { Node: node, Address: "192.0.2.1" } } },
    { Service: { Verb: "set", Node: node, Service: { ID: "web", Service: `${node}-web`, Port: 80 } } },
    { Check: { Verb: "set", Check: { Node: node, CheckID: "c", Name: "c", Status: "passing", ServiceID: "web" } } },
  ] as never);
  expect(Errors).toBeNull();
  expect(await consul.health.service({ service: `${node}-web`, passing: true })).toMatchObject([
    { Node: { Node: node }, Service: { ID: "web", Port: 80 }, Checks: [{ CheckID: "c" }] },
  ]);
});
