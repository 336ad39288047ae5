import { afterAll, describe, expect, test } from "bun:test";
import { exchange } from "../support/exchange.ts";
import type { Answer } from "../support/exchange.ts";
import { differs } from "../support/conformance.ts";
import { startTarget } from "../support/target.ts";

const target = await startTarget();
afterAll(() => target.stop());

const put = (path: string, body?: unknown): Promise<Answer> => exchange(target.url, "PUT", { path, body });
const get = (path: string): Promise<Answer> => exchange(target.url, "GET", { path });

test("a new server's index is at least 2, which tools accept as ready, and equals the ModifyIndex of its node", async () => {
  const answer = await get("/v1/catalog/nodes");
  const [node] = answer.json as { ModifyIndex: number }[];
  expect(answer.index).toBeGreaterThanOrEqual(2);
  expect(node?.ModifyIndex).toBe(answer.index);
});

describe("after a restart", () => {
  test("keys, services, checks and nodes are unchanged, and no index is lower", async () => {
    await put("/v1/kv/kept/a?flags=7", "value");
    await put("/v1/kv/kept/gone", "value");
    await exchange(target.url, "DELETE", { path: "/v1/kv/kept/gone" });
    const Check = { TTL: "1h", Notes: "n" };
    await put("/v1/agent/service/register", { Name: "kept", Port: 7, Tags: ["t"], Meta: { a: "b" }, Check });
    await put("/v1/agent/check/pass/service:kept?note=fine");
    await put("/v1/agent/check/register", { Name: "disk", TTL: "1h" });
    await put("/v1/agent/check/warn/disk?note=nearly+full");
    await put("/v1/catalog/register", { Node: "other", Address: "192.0.2.1", Service: { Service: "elsewhere" } });
    const paths = [
      ...["/v1/kv/kept/a", "/v1/kv/kept/?keys", "/v1/agent/service/kept", "/v1/catalog/service/elsewhere"],
      ...["/v1/catalog/node/other", "/v1/catalog/service/kept", "/v1/catalog/nodes"],
    ];
    const before = await Promise.all(paths.map(get));
    const folderIndex = (await get("/v1/kv/kept/?recurse")).index;

    await target.restart();

    const after = await Promise.all(paths.map(get));
    expect(after.map(({ text }) => text)).toEqual(before.map(({ text }) => text));
    expect((await get("/v1/kv/kept/?recurse")).index).toBe(folderIndex);
    expect((await get("/v1/health/checks/kept")).json).toMatchObject([
      { CheckID: "service:kept", Status: "passing", Notes: "n", ServiceTags: ["t"], Type: "ttl", ...printed("fine") },
    ]);
    expect((await get("/v1/agent/checks")).json).toMatchObject({
      disk: { Status: "warning", Type: "ttl", ...printed("nearly full") },
    });
    await put("/v1/kv/kept/b", "value");
    expect((await get("/v1/kv/kept/b")).index).toBeGreaterThan(folderIndex);
  });

  test("acknowledged writes are present, even if kill -9 ended the agent", async () => {
    for (let round = 0; round < 20; round += 1) await put(`/v1/kv/killed/${round}`, `${round}`);
    await put("/v1/agent/service/register", { Name: "killed", Port: 9 });
    await target.restart("SIGKILL");
    expect((await get("/v1/kv/killed/?keys")).json).toHaveLength(20);
    expect((await get("/v1/agent/service/killed")).json).toMatchObject({ Port: 9 });
    expect((await get("/v1/health/service/killed")).json).toMatchObject([{ Service: { ID: "killed", Port: 9 } }]);
  });

  test("prepared queries are found by name, by template and by id, and are deleted when their session ends", async () => {
    const post = (body: unknown): Promise<Answer> => exchange(target.url, "POST", { path: "/v1/query", body });
    const idOf = (answer: Answer): string => (answer.json as { ID: string }).ID;
    const session = idOf(await put("/v1/session/create", { LockDelay: "0s" }));
    const id = idOf(await post({ Name: "kept-query", Service: { Service: "kept" } }));
    const bound = idOf(await post({ Session: session, Service: { Service: "kept" } }));
    const Template = { Type: "name_prefix_match", Regexp: "^any-(.*)$" };
    await post({ Name: "any-", Template, Service: { Service: "${match(1)}" } });
    const gone = idOf(await post({ Name: "gone-query", Service: { Service: "kept" } }));
    await exchange(target.url, "DELETE", { path: `/v1/query/${gone}` });
    const before = await get("/v1/query");

    await target.restart();

    expect((await get("/v1/query")).text).toBe(before.text);
    expect((await get("/v1/query")).index).toBe(before.index);
    expect((await get(`/v1/query/${id}/explain`)).text).toBe((await get("/v1/query/Kept-Query/explain")).text);
    expect((await get("/v1/query/any-db/execute")).json).toMatchObject({ Service: "db" });
    expect((await get("/v1/query/gone-query/execute")).status).toBe(404);
    await put(`/v1/session/destroy/${session}`);
    expect((await get(`/v1/query/${bound}`)).status).toBe(404);
  });

  test("deregistered services are still absent", async () => {
    await put("/v1/agent/service/register", { Name: "ended", Check: { TTL: "1h" } });
    await put("/v1/agent/service/deregister/ended");
    await target.restart();
    expect((await get("/v1/agent/service/ended")).status).toBe(404);
    expect((await get("/v1/health/service/ended")).text).toBe("[]");
    expect((await get("/v1/agent/checks")).text).not.toContain("ended");
  });
});

function printed(Output: string): object {
  return differs("praetor", "what a check printed is kept in memory only") ? {} : { Output };
}
