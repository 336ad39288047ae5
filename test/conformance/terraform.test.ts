import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Answer } from "../support/exchange.ts";
import { del, get, keyFolder, put, registerNode, sharedTarget, unique } from "../support/conformance.ts";
import { createSession } from "../support/session.ts";

/*
 * A client that asks what Terraform and OpenTofu ask: their state backend "consul" (a lock by a session, a state by check-and-set
 * in a transaction, a large state in chunks), and their provider's cycle of reading, planning, applying and reading again.
 */

await sharedTarget();

interface Entry {
  readonly Key: string;
  /** null for an empty value. */
  readonly Value: string | null;
  readonly Flags: number;
  readonly Session?: string;
  readonly ModifyIndex: number;
}

/** Flags by which Consul's Go client recognises the key of a lock. */
const lockFlags = 0x2ddccbc058a50c18n;

async function entries(query: string): Promise<readonly Entry[]> {
  const answer = await get(`/v1/kv/${query}`);
  return answer.status === 404 ? [] : (answer.json as readonly Entry[]);
}

async function entry(path: string): Promise<Entry | undefined> {
  return (await entries(path))[0];
}

function bytesOf(found: Entry | undefined): Buffer {
  return Buffer.from(found?.Value ?? "", "base64");
}

/** The state of one workspace, as the backend "consul" keeps it. */
class StateBackend {
  readonly #path: string;
  #modifyIndex = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Takes the lock, or throws what the holder wrote about itself. Returns the session, which is the lock's id. */
  async lock(who: string): Promise<string> {
    const session = await createSession({ Name: "Consul API Lock", TTL: "15s", LockDelay: "5s" });
    const taken = await put(`/v1/kv/${this.#path}/.lock?acquire=${session}&flags=${lockFlags}`, "");
    if (taken.text !== "true") throw new Error(`locked by ${await this.#holder()}`);
    const held = await entry(`${this.#path}/.lock`);
    expect(held?.Session).toBe(session);
    expect((await put(`/v1/kv/${this.#path}/.lockinfo?flags=0`, { ID: session, Who: who })).text).toBe("true");
    return session;
  }

  async #holder(): Promise<string> {
    const info = await entry(`${this.#path}/.lockinfo`);
    return (JSON.parse(bytesOf(info).toString()) as { Who: string }).Who;
  }

  /** Waits until the session does not hold the lock, as a client does that works under a lock. */
  async lockIsLost(session: string): Promise<void> {
    for (let index = 1; ;) {
      const answer = await get(`/v1/kv/${this.#path}/.lock?consistent&index=${index}&wait=15s`);
      if (answer.status === 404 || (answer.json as Entry[])[0]?.Session !== session) return;
      index = answer.index;
    }
  }

  async unlock(session: string): Promise<void> {
    const released = await put(`/v1/kv/${this.#path}/.lock?release=${session}&flags=${lockFlags}`, "");
    expect(released.text).toBe("true");
    await put(`/v1/session/destroy/${session}`);
    const at = (await entry(`${this.#path}/.lock`))?.ModifyIndex;
    expect((await del(`/v1/kv/${this.#path}/.lock?cas=${at}`)).text).toBe("true");
    await del(`/v1/kv/${this.#path}/.lockinfo`);
  }

  /** Writes the state in one key, or, if the agent says that it is too large, in chunks with a key that lists them. */
  async write(state: string): Promise<void> {
    const old = await this.#chunks();
    const payload = gzipSync(state);
    const whole = await this.#store(payload);
    if (whole.status === 413) {
      expect(whole.text).toContain("too large");
      const hash = md5(state);
      const chunks: string[] = [];
      for (let from = 0; from < payload.length; from += 524_288) {
        const path = `${this.#path}/tfstate.${hash}/${chunks.length}`;
        expect((await put(`/v1/kv/${path}?flags=0`, payload.subarray(from, from + 524_288))).text).toBe("true");
        chunks.push(path);
      }
      this.#took(await this.#store(Buffer.from(JSON.stringify({ "current-hash": hash, chunks }))));
    } else this.#took(whole);
    if (old !== undefined) await del(`/v1/kv/${this.#path}/tfstate.${old["current-hash"]}/?recurse`);
  }

  /** Returns the state; undefined if none was written. */
  async read(): Promise<string | undefined> {
    const found = await entry(this.#path);
    if (found === undefined) return undefined;
    this.#modifyIndex = found.ModifyIndex;
    const list = await this.#chunks();
    const parts = list === undefined ? [found] : await Promise.all(list.chunks.map((path) => entry(path)));
    const state = gunzipSync(Buffer.concat(parts.map(bytesOf))).toString();
    if (list !== undefined) expect(md5(state)).toBe(list["current-hash"]);
    return state;
  }

  async #chunks(): Promise<{ readonly "current-hash": string; readonly chunks: readonly string[] } | undefined> {
    const bytes = bytesOf(await entry(this.#path));
    return bytes[0] === 0x7b ? JSON.parse(bytes.toString()) : undefined;
  }

  #store(payload: Uint8Array): Promise<Answer> {
    const Verb = this.#modifyIndex === 0 ? "set" : "cas";
    const Value = Buffer.from(payload).toString("base64");
    return put("/v1/txn", [{ KV: { Verb, Key: this.#path, Value, Flags: 0, Index: this.#modifyIndex, Session: "" } }]);
  }

  #took(answer: Answer): void {
    if (answer.status === 409) {
      const { Errors } = answer.json as { Errors: readonly { What: string }[] };
      throw new Error(`CAS failed: ${Errors[0]?.What}`);
    }
    expect(answer.status).toBe(200);
    const { Results } = answer.json as { Results: readonly { KV: Entry }[] };
    expect(Results).toHaveLength(1);
    this.#modifyIndex = Results[0]?.KV.ModifyIndex ?? 0;
  }
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

describe("the state backend", () => {
  test("keeps one writer at a time, and tells the other who writes", async () => {
    const path = `${keyFolder()}state`;
    const [mine, theirs] = [new StateBackend(path), new StateBackend(path)];
    const lock = await mine.lock("me");
    expect(theirs.lock("them")).rejects.toThrow("locked by me");
    await mine.write("{}");
    await mine.unlock(lock);
    await theirs.unlock(await theirs.lock("them"));
    expect(await theirs.read()).toBe("{}");
    const left = await get(`/v1/kv/${path}?keys`);
    expect(left.json).toEqual([path]);
  });

  test("learns that its lock was broken by force, and cannot overwrite what another wrote since", async () => {
    const path = `${keyFolder()}state`;
    const [mine, theirs] = [new StateBackend(path), new StateBackend(path)];
    const lock = await mine.lock("me");
    await mine.write("first");
    const lost = mine.lockIsLost(lock);
    // terraform force-unlock ID
    await put(`/v1/session/destroy/${lock}`);
    await del(`/v1/kv/${path}/.lock`);
    await del(`/v1/kv/${path}/.lockinfo`);
    await lost;
    expect(await theirs.read()).toBe("first");
    await theirs.write("second");
    expect(mine.write("third")).rejects.toThrow("CAS failed");
    expect(await theirs.read()).toBe("second");
  });

  test("splits a state that is too large for a key, and takes the chunks away with the next", async () => {
    const folder = keyFolder();
    const state = new StateBackend(`${folder}state`);
    // Random digits, which gzip shortens by half.
    const large = Array.from({ length: 40_000 }, () => crypto.randomUUID()).join("");
    await state.write(large);
    const keys = (await get(`/v1/kv/${folder}?keys`)).json as readonly string[];
    expect(keys.length).toBeGreaterThan(2);
    expect(await new StateBackend(`${folder}state`).read()).toBe(large);
    await state.write("small");
    expect((await get(`/v1/kv/${folder}?keys`)).json).toEqual([`${folder}state`]);
  });

  test("finds its workspaces below the path", async () => {
    const folder = keyFolder();
    for (const workspace of ["default", "default-env:north", "default-env:south"])
      await new StateBackend(`${folder}${workspace}`).write("{}");
    const found = (await get(`/v1/kv/${folder}default-env:?keys&separator=/`)).json as readonly string[];
    expect(found.map((key) => key.replace(`${folder}default-env:`, ""))).toEqual(["north", "south"]);
  });
});

/** The aim of a plan of the provider: keys below a prefix, and services of a node outside the agent. */
interface Wanted {
  readonly keys: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<string, number>>;
}

/** Makes the agent's state what is wanted. Returns the names of what it had to change, which is nothing the second time. */
async function apply(wanted: Wanted, where: { readonly prefix: string; readonly node: string }): Promise<string[]> {
  const { prefix, node } = where;
  const changed: string[] = [];
  const listed = await entries(`${prefix}?recurse`);
  const present = new Map(listed.map((each) => [each.Key, bytesOf(each).toString()]));
  for (const [name, value] of Object.entries(wanted.keys)) {
    if (present.get(prefix + name) !== value) {
      expect((await put(`/v1/kv/${prefix}${name}?flags=0`, value)).text).toBe("true");
      changed.push(name);
    }
    present.delete(prefix + name);
  }
  for (const key of present.keys()) {
    expect((await del(`/v1/kv/${key}`)).text).toBe("true");
    changed.push(key.slice(prefix.length));
  }
  const known = (await get(`/v1/catalog/node/${node}`)).json as { Services?: Record<string, { Port: number }> } | null;
  const services = new Map(Object.entries(known?.Services ?? {}).map(([id, { Port }]) => [id, Port]));
  for (const [id, Port] of Object.entries(wanted.services)) {
    if (services.get(id) !== Port) {
      const Service = { ID: id, Service: id, Port };
      expect((await put("/v1/catalog/register", { Node: node, SkipNodeUpdate: true, Service })).text).toBe("true");
      const found = (await get(`/v1/catalog/service/${id}`)).json as readonly { Node: string; ServicePort: number }[];
      expect(found.map(({ Node, ServicePort }) => [Node, ServicePort])).toEqual([[node, Port]]);
      changed.push(id);
    }
    services.delete(id);
  }
  for (const id of services.keys()) {
    expect((await put("/v1/catalog/deregister", { Node: node, ServiceID: id })).text).toBe("true");
    changed.push(id);
  }
  return changed;
}

test("a plan that is applied has nothing to change, until another client changes a part of it", async () => {
  const where = { prefix: keyFolder(), node: unique("planned-node") };
  await registerNode({ Node: where.node });
  const [oven, pump] = [unique("planned-oven"), unique("planned-pump")];
  const wanted = { keys: { "oven/heat": "90", "pump/speed": "" }, services: { [oven]: 8080, [pump]: 8081 } };
  expect(await apply(wanted, where)).toEqual(["oven/heat", "pump/speed", oven, pump]);
  expect(await apply(wanted, where)).toEqual([]);
  await put(`/v1/kv/${where.prefix}oven/heat`, "95");
  await put(`/v1/kv/${where.prefix}oven/by-hand`, "1");
  expect(await apply(wanted, where)).toEqual(["oven/heat", "oven/by-hand"]);
  expect(await apply({ keys: { "oven/heat": "90" }, services: { [oven]: 9090 } }, where)).toEqual([
    "pump/speed",
    oven,
    pump,
  ]);
  expect(await apply({ keys: {}, services: {} }, where)).toEqual(["oven/heat", oven]);
});
