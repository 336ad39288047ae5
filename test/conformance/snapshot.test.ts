import { afterAll, describe, expect, test } from "bun:test";
import { packFiles, sha256Sums, unpackFiles } from "../support/archive.ts";
import { differs } from "../support/conformance.ts";
import { promptly } from "../support/promptly.ts";
import { type Answer, exchange } from "../support/exchange.ts";
import { startTarget } from "../support/target.ts";
import { within } from "../support/within.ts";

// A restore replaces the whole state, so the agent of this file is not shared.
const target = await startTarget();
afterAll(() => target.stop());

const send = (method: string, path: string, body?: unknown): Promise<Answer> =>
  exchange(target.url, method, { path, body });
const get = (path: string): Promise<Answer> => send("GET", path);
const put = (path: string, body?: unknown): Promise<Answer> => send("PUT", path, body);

async function save(): Promise<Buffer> {
  const { status, bytes } = await get("/v1/snapshot");
  expect(status).toBe(200);
  return bytes;
}

async function restore(archive: Buffer): Promise<void> {
  const { status, text } = await put("/v1/snapshot", archive);
  expect({ status, text }).toEqual({ status: 200, text: "" });
}

describe("a saved snapshot", () => {
  test("is a gzipped tar of meta.json, state.bin and the hashes of both", async () => {
    const files = await unpackFiles(await save());
    expect([...files.keys()]).toEqual(["meta.json", "state.bin", "SHA256SUMS"]);
    const sums = files.get("SHA256SUMS")?.toString() ?? "";
    files.delete("SHA256SUMS");
    expect(sums.split("\n").toSorted()).toEqual(sha256Sums(files).split("\n").toSorted());
  });

  test("has in meta.json its index, its server and the length of state.bin", async () => {
    const answer = await get("/v1/snapshot");
    const files = await unpackFiles(answer.bytes);
    const meta: unknown = JSON.parse(files.get("meta.json")?.toString() ?? "");
    const [, port] = ((await get("/v1/status/leader")).json as string).split(":");
    const Address = `127.0.0.1:${port}`;
    expect(meta).toEqual({
      Version: 1,
      ID: expect.stringMatching(new RegExp(String.raw`^\d+-${answer.index}-\d{13}$`)),
      Index: answer.index,
      Term: expect.any(Number),
      Peers: Buffer.from(`\x91${String.fromCharCode(0xa0 + Address.length)}${Address}`, "latin1").toString("base64"),
      Configuration: { Servers: [{ Suffrage: 0, ID: expect.stringMatching(/^[0-9a-f-]{36}$/), Address }] },
      ConfigurationIndex: 1,
      Size: files.get("state.bin")?.length,
    });
  });

  test("is sent with the headers of a read and the type application/x-gzip", async () => {
    const { headers } = await get("/v1/snapshot");
    expect(Object.fromEntries(headers)).toMatchObject({
      "Content-Type": "application/x-gzip",
      Vary: "Accept-Encoding",
      "X-Consul-Index": expect.stringMatching(/^\d+$/),
      "X-Consul-Knownleader": "true",
      "X-Consul-Lastcontact": "0",
    });
  });

  test.each(["stale", "consistent", "stale&consistent", "index=x", "wait=x", "dc=dc1"])(
    "is returned whatever query options the request has, except an unknown ?dc: ?%s",
    async (query) => {
      const answer = await get(`/v1/snapshot?${query}`);
      expect([answer.status, answer.header("X-Consul-Lastcontact")]).toEqual([200, "0"]);
    },
  );

  test("of another datacenter cannot be requested", async () => {
    const { status, text } = await get("/v1/snapshot?dc=nowhere");
    expect({ status, text }).toEqual({ status: 500, text: "No path to datacenter" });
  });

  test.each(["HEAD", "POST", "DELETE"])("cannot be requested with the method %s", async (method) => {
    const answer = await send(method, "/v1/snapshot");
    expect([answer.status, answer.header("Allow")]).toEqual([405, "OPTIONS,GET,PUT"]);
  });
});

describe("restoring a snapshot", () => {
  const sessionOf = async (answer: Promise<Answer>): Promise<string> => ((await answer).json as { ID: string }).ID;

  test("restores the saved keys, nodes, services, checks, sessions and locks", async () => {
    const Service = { Service: "elsewhere", Tags: ["t"], Port: 7 };
    const Check = { CheckID: "up", Name: "up", ServiceID: "elsewhere", Status: "passing", Output: "fine" };
    await put("/v1/catalog/register", { Node: "other", Address: "192.0.2.1", Service, Check });
    const id = await sessionOf(put("/v1/session/create", { Name: "s", LockDelay: "0s", TTL: "1h" }));
    await put("/v1/kv/saved/a?flags=7", "value");
    await put(`/v1/kv/saved/locked?acquire=${id}`, "mine");
    const paths = [
      ...["/v1/kv/saved/?recurse", "/v1/catalog/nodes", "/v1/catalog/service/elsewhere", "/v1/session/list"],
      ...["/v1/health/node/other", "/v1/health/service/elsewhere", "/v1/catalog/services"],
    ];
    const before = await Promise.all(paths.map(get));
    const archive = await save();

    await put("/v1/kv/saved/a", "changed");
    await put("/v1/kv/saved/b", "new");
    await put(`/v1/session/destroy/${id}`);
    await put("/v1/catalog/deregister", { Node: "other" });
    await put("/v1/catalog/register", { Node: "another", Address: "192.0.2.2", Service: { Service: "new" } });
    await restore(archive);

    await within(5_000, async () => {
      const after = await Promise.all(paths.map(get));
      expect(after.map(({ text }) => text)).toEqual(before.map(({ text }) => text));
    });
    expect((await put(`/v1/kv/saved/locked?release=${id}`, "free")).text).toBe("true");
  });

  test("wakes the watchers of changed rows, and later writes succeed", async () => {
    await put("/v1/kv/woken", "saved");
    const archive = await save();
    await put("/v1/kv/woken", "changed");
    const { index } = await get("/v1/kv/woken");
    const held = get(`/v1/kv/woken?raw&index=${index}&wait=10m`);
    await Bun.sleep(60);
    await restore(archive);
    const woken = await promptly(held);
    if (!differs("consul", "who waits is answered from the state before; and what is restored has its old index")) {
      expect(woken.text).toBe("saved");
      expect(woken.index).toBeGreaterThan(index);
    }
    await within(5_000, async () => expect((await put("/v1/kv/woken", "later")).text).toBe("true"));
    expect((await get("/v1/kv/woken")).index).toBeGreaterThan(index);
  });

  test("does not change the agent's local state", async () => {
    const archive = await save();
    await put("/v1/agent/service/register", { Name: "since", Port: 9 });
    await restore(archive);
    expect((await get("/v1/agent/service/since")).json).toMatchObject({ Port: 9 });
    // Consul: the agent adds its services to the restored catalog only when it next compares its local state, within
    // two minutes.
    if (differs("consul", "the agent's services are missing for a while")) return;
    expect((await get("/v1/catalog/service/since")).json).toMatchObject([{ ServicePort: 9 }]);
  });

  test("accepts a chunked body", async () => {
    const body = await save();
    const { status } = await exchange(target.url, "PUT", { path: "/v1/snapshot", body, chunked: true });
    expect(status).toBe(200);
  });

  test.each([
    ["stale", "stale not allowed for restore"],
    ["dc=nowhere", "No path to datacenter"],
  ])("is refused with ?%s", async (query, text) => {
    const answer = await put(`/v1/snapshot?${query}`, await save());
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 500, text });
  });
});

describe("an invalid snapshot", () => {
  type Files = Map<string, string | Buffer>;

  function changed(files: ReadonlyMap<string, Buffer>, change: (files: Files) => void): Promise<Buffer> {
    const copy: Files = new Map(files);
    change(copy);
    return packFiles(copy);
  }

  function flipped(bytes: Buffer, at: number): Buffer {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 4;
    return copy;
  }

  test("is refused with status 500 and an error text, and changes nothing", async () => {
    const archive = await save();
    const files = await unpackFiles(archive);
    const state = files.get("state.bin") ?? Buffer.of();
    const damaged: Readonly<Record<string, Buffer>> = {
      "nothing at all": Buffer.of(),
      "a text": Buffer.from("hello"),
      zeros: Buffer.alloc(2_000),
      "a gzipped text": Buffer.from(Bun.gzipSync(Buffer.from("hello"))),
      "a half": archive.subarray(0, archive.length >> 1),
      "all but the last bytes": archive.subarray(0, -4),
      "a flipped bit in the middle": flipped(archive, archive.length >> 1),
      "a flipped bit in gzip's checksum": flipped(archive, archive.length - 6),
      "more behind it": Buffer.concat([archive, Buffer.from("hello")]),
      "another state than its hash says": await changed(files, (of) => of.set("state.bin", flipped(state, 40))),
      "another meta.json": await changed(files, (of) => of.set("meta.json", "{}")),
      "no state.bin": await changed(files, (of) => of.delete("state.bin")),
      "no meta.json": await changed(files, (of) => of.delete("meta.json")),
      "no hashes": await changed(files, (of) => of.delete("SHA256SUMS")),
      "hashes that are none": await changed(files, (of) => of.set("SHA256SUMS", "garbage\n")),
      "a file too many": await changed(files, (of) => of.set("other", "x")),
    };
    await put("/v1/kv/untouched", "here");
    const before = await get("/v1/kv/untouched");
    for (const [what, body] of Object.entries(damaged)) {
      const { status, text } = await put("/v1/snapshot", body);
      expect([what, status, text]).toEqual([what, 500, expect.stringMatching(/snapshot|gzip|unexpected EOF/)]);
    }
    const after = await get("/v1/kv/untouched");
    expect([after.text, after.index]).toEqual([before.text, before.index]);
  });
});
